"""The house keeps its order: who may import whom, and who may know what."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import grimp
import pytest

import rangli

_ROOT = Path(__file__).parents[1]
_PACKAGES = sorted(path.parent.name for path in (_ROOT / "src/rangli").glob("*/__init__.py"))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("rangli", include_external_packages=True, cache_dir=None)


def test_the_import_contracts_of_pyproject_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")

    found = subprocess.run(
        [lint, "--no-cache", "--no-logo"], cwd=_ROOT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout + found.stderr
    assert "5 kept, 0 broken" in found.stdout


def test_the_list_in_the_package_names_every_package() -> None:
    assert rangli.__doc__ is not None
    for package in _PACKAGES:
        listed = f"\n    {package} " in rangli.__doc__ or f"`{package}`" in rangli.__doc__
        assert listed, f"{package} is missing in rangli/__init__.py"


def importers(graph: grimp.ImportGraph, imported: str) -> set[str]:
    """The modules that import this module or what is inside it."""
    inside = {imported} | (graph.find_descendants(imported) if "." in imported else set())
    return {
        module.removeprefix("rangli.")
        for each in inside & graph.modules
        for module in graph.find_modules_that_directly_import(each)
    }


def outside(modules: Iterable[str], *packages: str) -> list[str]:
    return sorted(module for module in modules if module.split(".")[0] not in packages)


def test_only_the_edges_know_grpc(graph: grimp.ImportGraph) -> None:
    found = importers(graph, "grpc")

    assert found
    found = {module for module in found if not module.startswith("cli.bench.")}  # measures it
    assert outside(found, "server", "transport", "client", "v1") == []


def test_only_rpc_modules_of_a_domain_know_messages(graph: grimp.ImportGraph) -> None:
    found = importers(graph, "rangli.v1") | importers(graph, "google")

    domains = outside(found, "client", "cli", "server", "transport", "wire", "v1")
    assert domains
    assert [module for module in domains if not module.endswith("rpc")] == []


def test_only_stores_speak_to_postgres_and_redis(graph: grimp.ImportGraph) -> None:
    assert outside(importers(graph, "redis"), "storage") == []
    drivers = outside(importers(graph, "asyncpg"), "storage")
    # The feed tells a lost connection from a fault; it sends nothing.
    assert [m for m in drivers if not m.endswith("store") and m != "activities.feed"] == []


def test_a_quote_is_computed_without_stores(graph: grimp.ImportGraph) -> None:
    reached = graph.find_upstream_modules("rangli.pricing.quote")

    assert reached >= {"rangli.pricing.matching", "rangli.activities.catalogue"}
    assert not {m for m in reached if m.split(".")[0] in ("asyncio", "asyncpg", "redis", "grpc")}
