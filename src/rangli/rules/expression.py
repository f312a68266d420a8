"""One rule: an expression in CEL, the Common Expression Language, compiled and judged.

An expression can neither reach outside nor keep the server busy, so parts of the language are left
out. What is left nests 32 deep at most (the library's bound), and walks through one list at a time:
- `all` and `exists` stand in no other: 500 lines are 500 steps.
- What makes lists (`map`, `filter`) is out, and `+` does not go with `all` and `exists`: together
  they could double a text with every step.
- `lines` can only be walked through and counted: to compare it as a whole takes a millisecond.
- `matches` compiles its pattern at every step, and accessors with a time zone read files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from cel_expr_python import cel

from rangli.core.ids import printable

EXPRESSION_CHARS_MAX = 1_000
# More than any tenant publishes; each takes some kilobytes.
_COMPILED_MAX = 4_096

_VARIABLES = {
    "user_id": "string",
    "user_groups": "list<string>",
    "store_id": "string",
    "channel": "string",
    "currency": "string",
    "facts": "map<string, dyn>",
    "credentials": "list<string>",
    "methods": "list<string>",
    "priced_at": "timestamp",
    "lines": "list<map<string, dyn>>",
    "list_minor": "int",
}
# Accessors of an instant by the start of their overloads' ids. Those without a zone are in UTC.
_OF_INSTANTS = {
    "getFullYear": "timestamp_to_year_with_tz",
    "getMonth": "timestamp_to_month_with_tz",
    "getDayOfYear": "timestamp_to_day_of_year_with_tz",
    "getDayOfMonth": "timestamp_to_day_of_month_with_tz",
    "getDate": "timestamp_to_day_of_month_1_based_with_tz",
    "getDayOfWeek": "timestamp_to_day_of_week_with_tz",
    "getHours": "timestamp_to_hours_with_tz",
    "getMinutes": "timestamp_to_minutes_with_tz",
    "getSeconds": "timestamp_to_seconds_tz",
    "getMilliseconds": "timestamp_to_milliseconds_with_tz",
}
# Each of these adds up inside.
_ADDING = ("map", "filter", "exists_one")
_WALKING = ("all", "exists")

# Without these every string ends at the next quote like its first.
_HARD_TO_READ = re.compile(r"[\\`]|'''|\"\"\"")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_LINES = re.compile(r"\blines\b")
_LINES_USED = re.compile(r"\bsize\(lines\)|\blines\.(?:all|exists|size)\(")
_BRACKET = re.compile(r"(\.\s*(?:all|exists)\s*)?\(|\)")
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")


class Malformed(ValueError):
    """The text is no rule; says why and where."""


class Names:
    """What rules may use of one request. Costs nothing until the first rule is judged.

    tell: gives the values by name; a name left out is unknown.
    """

    def __init__(self, tell: Callable[[], Mapping[str, object]]) -> None:
        self._tell = tell

    @cached_property
    def activation(self) -> cel.Activation:
        """The values as the library reads them."""
        return _language(adds=False).Activation(dict(self._tell()))


def check(expression: str) -> None:
    """Raises Malformed if the text is no rule."""
    _compiled(expression)


def judge(expression: str, names: Names) -> bool | None:
    """Whether the rule holds. None is unknown: it read what is missing, failed, or is no truth."""
    try:
        value = _compiled(expression).eval(names.activation)
    except RuntimeError:  # the library's bounds
        return None
    return value.value() if value.type() == cel.Type.BOOL else None


@lru_cache(maxsize=_COMPILED_MAX)
def _compiled(expression: str) -> cel.Expression:
    if len(expression) > EXPRESSION_CHARS_MAX:
        raise Malformed(f"must have at most {EXPRESSION_CHARS_MAX} characters")
    if not printable(expression):
        raise Malformed("must hold no control or invisible characters")
    hard = _HARD_TO_READ.search(expression)
    if hard:
        raise Malformed(f"column {hard.start() + 1}: no backslash, backtick, tripled quote")
    outside = _STRING.sub(_blank, expression)
    whole = _LINES.search(_LINES_USED.sub(_blank, outside))
    if whole:
        raise Malformed(f"column {whole.start() + 1}: lines goes with .all( .exists( .size( only")
    _walk_one_by_one(outside)
    try:
        compiled = _language(adds="+" in outside).compile(expression)
    except RuntimeError as error:
        raise Malformed(_why(str(error))) from None
    if compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
        raise Malformed(f"must be true or false, is {compiled.return_type().name()}")
    return compiled


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _walk_one_by_one(outside: str) -> None:
    """Raises Malformed if an `all` or `exists` stands in another."""
    walking: list[bool] = []  # of each open bracket
    for bracket in _BRACKET.finditer(outside):
        if bracket[0] == ")":
            del walking[-1:]
            continue
        if bracket[1] and any(walking):
            raise Malformed(f"column {bracket.start() + 1}: all and exists do not go in another")
        walking.append(bool(bracket[1]))


@lru_cache(maxsize=2)
def _language(*, adds: bool) -> cel.Env:
    """The language with `+`, or the one that walks through lists."""
    functions: list[dict[str, object]] = [
        {"name": name, "overloads": [{"id": overload}]} for name, overload in _OF_INSTANTS.items()
    ]
    functions.append({"name": "matches"})
    if not adds:
        functions.append({"name": "_+_"})
    macros = [*_ADDING, *(_WALKING if adds else ())]
    config = {"stdlib": {"exclude_macros": macros, "exclude_functions": functions}}
    return cel.NewEnv(
        # The library reads YAML, of which JSON is a part.
        config=cel.NewEnvConfigFromYaml(json.dumps(config)),
        variables={name: cel.Type(kind) for name, kind in _VARIABLES.items()},
    )


def _why(error: str) -> str:
    """The library's first complaint, on one line."""
    found = _ERROR.search(error)
    if found is None:
        return "is nested too deep"
    _, column, words = found.groups()
    words = words.replace(" (in container '')", "").removesuffix(" [INVALID_ARGUMENT]")
    return f"column {column}: {words}"[:200] if int(column) > 0 else words[:200]
