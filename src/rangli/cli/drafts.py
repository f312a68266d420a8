"""Drafts from a file: what the commands that try something out have in common."""

from __future__ import annotations

from pathlib import Path

import yaml
from google.protobuf.json_format import ParseDict, ParseError

from rangli.v1.simulation_pb2 import SimulateActivitiesRequest

Header = SimulateActivitiesRequest.Header


class BadFile(Exception):
    """A file that does not hold what it should; the message says which and why."""


def read(file: Path | None, *, absent: list[str] | None = None) -> Header:
    """What a simulation's header says: the file's drafts, and what is left out.

    file: YAML or JSON; a list of drafts (`activity_id` with `spec`, `absent: true`, or neither for
        the stored one's newest version), or the fields of a header (`drafts`, `policy`,
        `catalogue_version`, ...).
    Raises BadFile.
    """
    header = Header()
    if file is not None:
        try:
            said = yaml.safe_load(file.read_text("utf-8")) or {}
            ParseDict({"drafts": said} if isinstance(said, list) else said, header)
        except (OSError, UnicodeError, yaml.YAMLError, ParseError, AttributeError) as error:
            raise BadFile(f"{file}: {error}") from error
    for activity_id in absent or ():
        header.drafts.add(activity_id=activity_id, absent=True)
    return header
