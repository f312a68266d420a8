"""The wheel: all of the package in it, nothing else, and it runs away from the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from rangli import __version__

ROOT = Path(__file__).parent.parent
# What the image copies; what a build leaves in the tree must not get into the wheel.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "cython_ext", "src")
BUILT = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.so", "*.c")
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
KERNEL, CODEC = (f"rangli/pricing/{name}{SUFFIX}" for name in ("_stacking", "_codec"))

QUOTE = """
import sys
from datetime import UTC, datetime

import rangli
from rangli.activities.catalogue import Catalogue
from rangli.pricing import kernel
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import quote
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest

cart = QuoteRequest(
    currency="EUR", lines=[CartLine(line_id="1", sku="rye", quantity=2, list_minor=350)]
)
answer = quote(Catalogue("default"), cart_of(cart, datetime.now(UTC)))
used = sys.modules[kernel.price.__module__]
print(rangli.__file__, used.__file__, sum(line.payable_minor for line in answer.lines))
"""


def run(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=1_200,
        # A developer's PYTHONPATH would bring the sources back.
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=BUILT)
        else:
            shutil.copy(ROOT / name, source)
    run(
        *(sys.executable, "-m", "pip", "wheel", source, "--quiet", "--wheel-dir", folder),
        *("--no-deps", "--no-build-isolation", "--disable-pip-version-check"),
    )
    (built,) = folder.glob(f"rangli-{__version__}-*.whl")
    return built


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "rangli").rglob("*")
        if path.suffix in {".py", ".pyi", ".sql", ".lua", ".yaml", ".svg", ".md"}
        or path.name == "py.typed"
    }

    assert names == package | {KERNEL, CODEC}


def test_wheel_holds_stubs_migrations_and_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {
        "rangli/py.typed",
        "rangli/storage/migrations/0001_idempotency_and_outbox.sql",
        "rangli/v1/pricing_service_pb2.py",
        "rangli/v1/pricing_service_pb2.pyi",
        "rangli/v1/pricing_service_pb2_grpc.py",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_wheel_runs_away_from_the_sources(wheel, tmp_path):
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel),
        *("--no-deps", "--no-index", "--disable-pip-version-check"),
    )
    # What it depends on comes from here. Only its folder: no editable rangli comes with it.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    version = run(environment / "bin" / "rangli", "version")
    package, kernel, payable = run(python, "-I", "-c", QUOTE).split()

    assert version.strip() == __version__
    assert Path(package) == packages / "rangli" / "__init__.py"
    assert Path(kernel) == packages / KERNEL
    assert payable == "700"
