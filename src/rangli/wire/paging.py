"""Pages of lists: how many, and where the next one begins."""

from __future__ import annotations

import binascii
import re
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


def page_of(
    page_size: int,
    page_token: str,
    *,
    size_default: int = _SIZE_DEFAULT,
    size_max: int = _SIZE_MAX,
    cursor: re.Pattern[str] = RESOURCE,
) -> Page:
    """The page a list request asks for; raises Invalid for a size or token that is none.

    cursor: what the list's ids look like.
    """
    if not 0 <= page_size <= size_max:
        words = f"must be 1 to {size_max}, or 0 for {size_default}"
        raise Invalid.fields(Violation("page_size", words))
    if not page_token:
        return Page(page_size or size_default, "")
    try:
        after = urlsafe_b64decode(page_token.encode()).decode()
    except (binascii.Error, UnicodeError):
        after = ""
    if not cursor.fullmatch(after):
        raise Invalid.fields(Violation("page_token", "must be a next_page_token of this list"))
    return Page(page_size or size_default, after)


def next_token(page: Page, ids: list[str]) -> str:
    """The token of the next page; empty if there is none.

    ids: of the page's items and, if there are more, at least one that did not fit.
    """
    if len(ids) <= page.size:
        return ""
    return urlsafe_b64encode(ids[page.size - 1].encode()).decode()
