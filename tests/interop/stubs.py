"""The stubs of `interop.proto`, made when they are first imported; they are not kept."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

FOLDER = Path(__file__).parent


def _made() -> tuple[object, object]:
    with tempfile.TemporaryDirectory(prefix="rangli-interop-") as out:
        code = protoc.main(
            [
                *("protoc", f"-I{FOLDER}", f"--python_out={out}", f"--grpc_python_out={out}"),
                "interop.proto",
            ]
        )
        assert code == 0, "interop.proto does not compile"
        sys.path.insert(0, out)  # one of the two imports the other by its bare name
        try:
            return importlib.import_module("interop_pb2"), importlib.import_module(
                "interop_pb2_grpc"
            )
        finally:
            sys.path.remove(out)


pb, pb_grpc = _made()
