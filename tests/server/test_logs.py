"""Every line of the log has the chosen form, whoever wrote it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_SPEAKER = """
import logging, sys, warnings
import structlog
from rangli.server.logs import configure_logging
from rangli.server.settings import ServerSettings

configure_logging(ServerSettings(log_format=sys.argv[1]), worker=3)
structlog.get_logger().info("ours")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("asyncpg").warning("lost %s\\nlines", "two", exc_info=True)
logging.getLogger("grpc").info("not worth a line")
warnings.warn("old ways", UserWarning)
"""


def said(log_format: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", _SPEAKER, log_format],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr


def test_what_libraries_log_is_one_json_object_a_line_too():
    ours, driver, warning = map(json.loads, said("json").splitlines())

    assert (ours["event"], ours["level"], ours["worker"]) == ("ours", "info", 3)
    assert (driver["event"], driver["level"]) == ("lost two\nlines", "warning")
    assert (driver["logger"], driver["worker"]) == ("asyncpg", 3)
    assert "ZeroDivisionError: division by zero" in driver["exception"]
    assert driver["timestamp"] >= ours["timestamp"]
    assert "old ways" in warning["event"]


@pytest.mark.parametrize("part", ["lost two", "asyncpg", "ZeroDivisionError", "worker"])
def test_people_read_what_libraries_log_in_the_same_form(part):
    assert part in said("console")
