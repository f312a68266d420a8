"""Rules hold, fail or are unknown; what is malformed or could run away is refused, and where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.rules.expression import EXPRESSION_CHARS_MAX, Malformed, Names, check, judge

LINES = [
    {"sku": "a", "quantity": 2, "list_minor": 100, "tags": ["new", "red"], "brand": "x"},
    {"sku": "b", "quantity": 1, "list_minor": 900, "tags": []},
]
TOLD: dict[str, Any] = {
    "user_groups": ["staff", "vip"],
    "currency": "CNY",
    "facts": {"orders": 4, "visits": 2, "tier": "gold", "past orders": 1},
    "credentials": ["c1"],
    "priced_at": datetime(2026, 5, 1, 17, 30, tzinfo=UTC),
    "lines": LINES,
    "list_minor": 1100,
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'vip' in user_groups && facts.orders > 3", True),
        ("facts.orders > 4", False),
        ("facts['past orders'] == 1", True),
        ("facts.orders + facts.visits == 6", True),
        ("facts.tier in ['gold', 'silver']", True),
        ("'c1' in credentials && currency == 'CNY' && list_minor >= 1100", True),
        ("lines.exists(l, 'new' in l.tags && l.quantity > 1)", True),
        ("lines.all(l, l.quantity > 1)", False),
        ("lines.exists(l, l.sku == 'b') && lines.size() == 2 && size(lines) == 2", True),
        ("lines.exists(l, has(l.brand) && l.brand == 'x')", True),
        ("priced_at < timestamp('2026-06-01T00:00:00Z') && priced_at.getHours() == 17", True),
        ("(priced_at - duration('-8h')).getDayOfMonth() == 1", True),
        ("'lines == lines + matches(' == user_groups[0]", False),
        ("has(facts.debt)", False),
        # What the request does not say, alone and where the rest decides.
        ("store_id == 's'", None),
        ("facts.debt > 0", None),
        ("!(facts.debt > 0)", None),
        ("facts.debt > 0 || true", True),
        ("facts.debt > 0 && false", False),
        ("lines.all(l, l.brand == 'x')", None),
        ("'post' in methods", None),
        # What fails, and what is no truth.
        ("facts.tier > 3", None),
        ("1 / (facts.orders - 4) > 0", None),
        ("list_minor * 9223372036854775807 > 0", None),
        ("facts.orders", None),
        ("facts", "must be true or false, is MAP"),
        ("list_minor", "must be true or false, is INT"),
        # What is malformed.
        ("", "column 1: "),
        ("facts.orders >", "column 15: Syntax error"),
        ("facts.orders > 1 && order > 2", "column 21: undeclared reference to 'order'"),
        ("user_id > 3", "column 9: found no matching overload"),
        ("'中文' == user_name", "column 9: undeclared reference to 'user_name'"),
        ("(" * 100 + "true" + ")" * 100, "is nested too deep"),
        ("true &&\ntrue", "must hold no control"),
        (f"user_id == '{'x' * EXPRESSION_CHARS_MAX}'", "must have at most 1000 characters"),
        # What could reach outside, or run away.
        ("now() > priced_at", "column 4: undeclared reference to 'now'"),
        ("user_id.matches('(a*)*')", "column 16: undeclared reference to 'matches'"),
        ("lines.all(a, lines.all(b, true))", "column 19: all and exists do not go in another"),
        ("lines.all(a, a.tags .exists (t, true))", "column 21: all and exists do not go"),
        ("lines == lines", "column 1: lines goes with"),
        (".lines == .lines", "column 2: lines goes with"),
        ("size(lines == lines ? 'a' : 'b') > 0", "column 6: lines goes with"),
        ("'\\'' == '' && lines == lines", "column 2: no backslash"),
        ("'''' ''' == '' && lines == lines", "column 1: no backslash"),
        ("facts.`'` == 1 && lines == lines && facts.`'`", "column 7: no backslash"),
        ("user_groups.map(g, g).size() > 0", "column 17: undeclared reference to 'g'"),
        ("user_groups.filter(g, true).size() > 0", "column 20: undeclared reference to 'g'"),
        ("user_groups.exists(g, g + g == '')", "column 20: undeclared reference to 'g'"),
        ("user_groups.exists_one(g, true)", "column 24: undeclared reference to 'g'"),
    ],
)
def test_a_rule_holds_or_not_or_is_unknown_or_refused(
    expression: str, expected: bool | str | None
) -> None:
    if isinstance(expected, str):
        with pytest.raises(Malformed) as malformed:
            check(expression)
        assert expected in str(malformed.value)
    else:
        check(expression)
        assert judge(expression, Names(lambda: TOLD)) is expected


@pytest.mark.parametrize("zone", ["'Asia/Shanghai'", "'/etc/localtime'", "facts.zone", "dyn('x')"])
@pytest.mark.parametrize(
    "part",
    [
        *("FullYear", "Month", "DayOfYear", "DayOfMonth", "Date", "DayOfWeek"),
        *("Hours", "Minutes", "Seconds", "Milliseconds"),
    ],
)
def test_no_rule_reads_files_of_time_zones(part: str, zone: str) -> None:
    check(f"priced_at.get{part}() > 0")
    with pytest.raises(Malformed):
        check(f"priced_at.get{part}({zone}) > 0")


def test_names_are_told_once_and_only_to_a_rule_that_is_judged() -> None:
    told = []

    def tell() -> dict[str, Any]:
        told.append(1)
        return TOLD

    names = Names(tell)
    assert told == []
    assert judge("facts.orders > 3", names) is True
    assert judge("lines.size() > 3", names) is False
    assert told == [1]


_WORDS = [
    "facts",
    "lines",
    "user_groups",
    "priced_at",
    "list_minor",
    "l",
    "orders",
    "tags",
    "[",
    "]",
]
_WORDS += [
    ".",
    ",",
    "(",
    ")",
    "{",
    "}",
    ":",
    "?",
    "!",
    "&&",
    "||",
    "==",
    "<",
    "+",
    "-",
    "*",
    "/",
    "in",
]
_WORDS += ["1", "2.5", "3u", "'a'", '"b"', "true", "null", ".all(", ".exists(", ".size()", "has("]
_WORDS += ["size(", "dyn(", "int(", "type(", "string(", "duration(", "timestamp(", "r'", "b'"]
_texts = st.text(max_size=60) | st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join)


@given(_texts | _texts.map(lambda text: f"lines.exists(l, {text})"))
def test_any_text_is_refused_or_judged(text: str) -> None:
    try:
        check(text)
    except Malformed:
        return
    assert judge(text, Names(lambda: TOLD)) in (True, False, None)


def test_the_costliest_walk_through_the_largest_cart_is_still_judged() -> None:
    line = {"sku": "a", "quantity": 1, "tags": [f"t{n}" for n in range(20)]}
    walk = "lines.all(l, " + " && ".join(["l == l"] * 90) + ")"

    assert judge(walk, Names(lambda: {"lines": [line] * 500})) is True
