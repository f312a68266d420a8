"""Pages and their tokens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.core.errors import Invalid
from rangli.core.ids import RESOURCE
from rangli.wire.paging import next_token, page_of

_ids = st.lists(st.from_regex(RESOURCE, fullmatch=True), unique=True, max_size=12).map(sorted)


@given(_ids, st.integers(1, 500))
def test_following_the_tokens_shows_everything_once(ids: Sequence[str], size: int) -> None:
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        page = page_of(size, token)
        found = [name for name in ids if name > page.after][: page.size + 1]
        seen += found[: page.size]
        token, pages = next_token(page, found), pages + 1

    assert seen == list(ids)
    assert pages == max(1, -(-len(ids) // size))


def test_no_size_is_a_hundred() -> None:
    assert page_of(0, "").size == 100


@pytest.mark.parametrize("size", [-1, 501, -(2**31)])
def test_a_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(Invalid):
        page_of(size, "")


@given(st.text(max_size=40))
def test_any_text_is_a_token_or_is_refused(token: str) -> None:
    try:
        page = page_of(1, token)
    except Invalid:
        return
    assert page.after == "" if not token else RESOURCE.fullmatch(page.after)
