"""Pages of lists: how many, and where the next one begins."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE

_SIZE_DEFAULT = 100
_SIZE_MAX = 500


@dataclass(frozen=True, slots=True)
class Page:
    """At most `size` items, by id, after `after` ("" for the first page)."""

    size: int
    after: str


def page_of(page_size: int, page_token: str) -> Page:
    """The page a list request asks for; raises Invalid for a size or token that is none."""
    if not 0 <= page_size <= _SIZE_MAX:
        raise Invalid.fields(Violation("page_size", f"must be 1 to {_SIZE_MAX}, or 0 for 100"))
    if not page_token:
        return Page(page_size or _SIZE_DEFAULT, "")
    try:
        after = urlsafe_b64decode(page_token.encode()).decode()
    except (binascii.Error, UnicodeError):
        after = ""
    if not RESOURCE.fullmatch(after):
        raise Invalid.fields(Violation("page_token", "must be a next_page_token of this list"))
    return Page(page_size or _SIZE_DEFAULT, after)


def next_token(page: Page, ids: list[str]) -> str:
    """The token of the next page; empty if there is none.

    ids: of the page's items and, if there are more, at least one that did not fit.
    """
    if len(ids) <= page.size:
        return ""
    return urlsafe_b64encode(ids[page.size - 1].encode()).decode()
