PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RPC_PROTOS = $(shell $(BIN)/python -c "import google.rpc, os; print(os.path.dirname(list(google.rpc.__path__)[0]) + '/..')")

proto:
	$(BIN)/python -m grpc_tools.protoc -Iprotos -I$(RPC_PROTOS) --python_out=src --pyi_out=src protos/rangli/v1/*.proto
	$(BIN)/python -m grpc_tools.protoc -Iprotos -I$(RPC_PROTOS) --grpc_python_out=src protos/rangli/v1/*_service.proto
