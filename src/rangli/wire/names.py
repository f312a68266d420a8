"""Names and texts of a request, checked before anything is done with them."""

from __future__ import annotations

import re

from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE, printable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def request_id_of(request_id: str, path: str = "request_id") -> str:
    """The caller's name for a change, checked: 1-64 printable characters."""
    if not 1 <= len(request_id) <= 64 or not printable(request_id):
        raise Invalid.fields(
            Violation(path, "is required: 1 to 64 printable characters, new for every change")
        )
    return request_id


def resource_id_of(resource_id: str, path: str) -> str:
    """An operator's name for a resource, checked."""
    if not RESOURCE.fullmatch(resource_id):
        raise Invalid.fields(Violation(path, "must be 1 to 100 of a-z A-Z 0-9 - _ . :"))
    return resource_id


def text_of(text: str, path: str, chars_max: int) -> str:
    """A text for people, checked: may be empty, may have several lines."""
    if len(text) > chars_max:
        raise Invalid.fields(Violation(path, f"at most {chars_max} characters"))
    if not plain(text):
        raise Invalid.fields(Violation(path, "must hold no control characters"))
    return text


def plain(text: str) -> bool:
    """Whether a text holds no control characters but tabs and line feeds; stores take no NUL."""
    return _CONTROL.search(text) is None
