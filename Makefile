# Everything a developer or CI does. Each target sets up what it needs.

PYTHON ?= python3
VENV := .venv
TEST_PROCESSES ?= 2
LOADS := $(foreach kind,quote mix claims checkout codes,--kind $(kind))
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
COMPILED := pyproject.toml $(shell find cython_ext -name '*.pyx' -o -name '*.pxd')
RPC_PROTOS = $(shell $(BIN)/python -c 'import google.rpc; print(google.rpc.__path__[0])')/../..
PROTOC = $(BIN)/python -m grpc_tools.protoc -Iprotos -I$(RPC_PROTOS)

# TRANSPORT=h2: whatever serves, serves on that one.
ifdef TRANSPORT
export RANGLI_TRANSPORT := $(TRANSPORT)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test serve check bench peers interop load soak proto proto-accept format clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(INSTALLED) ## publish a real retailer's promotions, price its baskets, compare with the tills
	$(BIN)/rangli demo --report reports/demo.json --html reports/demo.html $(ARGS)

test: $(INSTALLED) ## all tests, on real servers (ARGS='-k name' for some, TRANSPORT=h2 for all on that one)
	$(BIN)/pytest -m 'not soak' --numprocesses=$(TEST_PROCESSES) --dist=loadfile $(ARGS)

soak: $(INSTALLED) ## the tests that take longer
	$(BIN)/pytest -m soak $(ARGS)

serve: $(INSTALLED) ## serve on 127.0.0.1:7700 with PostgreSQL and Valkey of our own
	$(BIN)/rangli serve $(ARGS)

check: $(INSTALLED) ## lint, types, import contract, and whether the protos break callers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@mkdir -p build
	$(PROTOC) --include_imports --descriptor_set_out=build/protos.binpb protos/rangli/v1/*.proto
	$(BIN)/buf breaking build/protos.binpb --against protos/baseline.binpb \
		--config '{"version":"v2","breaking":{"use":["WIRE_JSON"]}}'

bench: $(INSTALLED) ## measure, and write reports/bench.json (ARGS=kernel for one)
	$(BIN)/rangli bench --json reports/bench.json $(ARGS)

peers: $(INSTALLED) ## django-oscar and Medusa on the same carts; writes reports/peers.json, takes minutes
	$(BIN)/python -m loadtests.peers reports/peers.json

interop: $(INSTALLED) ## gRPC's interoperability cases with its client for Node, on both transports
	$(BIN)/python -m tests.interop

load: $(INSTALLED) ## locust against a server of its own, half a minute for each kind of load; writes reports/load*.html
	$(BIN)/python -m loadtests $(or $(ARGS),$(LOADS))

proto: $(INSTALLED) ## generate the stubs from protos/
	$(PROTOC) --python_out=src --pyi_out=src protos/rangli/v1/*.proto
	$(PROTOC) --grpc_python_out=src protos/rangli/v1/*_service.proto

proto-accept: $(INSTALLED) ## make the protos as they are now what `check` compares with
	$(PROTOC) --include_imports --descriptor_set_out=protos/baseline.binpb protos/rangli/v1/*.proto

format: $(INSTALLED) ## lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built, the virtual environment too
	rm -rf $(VENV) build dist reports src/*.egg-info
	find src -name '*.so' -delete
	find cython_ext -name '*.c' -delete

$(INSTALLED): $(COMPILED)
	@$(PYTHON) -c 'import sys; sys.exit("rangli needs Python 3.11 or newer; say PYTHON=...") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
