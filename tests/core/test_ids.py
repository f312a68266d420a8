"""New names, and what may be one."""

from __future__ import annotations

import pytest

from rangli.core.ids import RESOURCE, TENANT, new_id, printable


def test_new_ids_are_good_names_all_different_and_rising_over_time() -> None:
    made = [new_id("act") for _ in range(1000)]

    assert len(set(made)) == 1000
    assert all(RESOURCE.fullmatch(name) and len(name) == 30 for name in made)
    moments = [name[4:13] for name in made]  # 45 of the 48 bits of the clock
    assert moments == sorted(moments)


@pytest.mark.parametrize("name", ["default", "a", "0", "shop_1-eu", "x" * 63])
def test_a_tenant_is_a_short_name_in_lower_case(name: str) -> None:
    assert TENANT.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "-a", "_a", "a b", "a\n", "{a}", "a.b", "x" * 64, "é"])
def test_nothing_else_is_a_tenant(name: str) -> None:
    assert not TENANT.fullmatch(name)


@pytest.mark.parametrize("text", ["a b", "é", "好的", "🎉", ""])
def test_what_can_be_seen_is_printable(text: str) -> None:
    assert printable(text)


@pytest.mark.parametrize("text", ["\0", "\n", "\r", "\x7f", "\u200b", "\u202e", "\u2066", "\ufeff"])
def test_what_cannot_be_seen_is_not(text: str) -> None:
    assert not printable(f"a{text}b")
