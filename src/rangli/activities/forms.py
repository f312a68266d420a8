"""The templates' forms as data: read off the model itself, so that they cannot fall behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import EnumMeta, StrEnum
from typing import Any

import msgspec
from msgspec import Struct, inspect

from rangli.activities.conditions import CONDITIONS
from rangli.activities.effects import EFFECTS
from rangli.activities.spec import ActivitySpec
from rangli.activities.targets import TARGETS


class FieldType(StrEnum):
    """How a field of a form is filled in."""

    INTEGER = "INTEGER"
    STRING = "STRING"
    BOOLEAN = "BOOLEAN"
    CHOICE = "CHOICE"
    GROUP = "GROUP"
    INSTANT = "INSTANT"
    EFFECT = "EFFECT"
    CONDITION = "CONDITION"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `low` and `high` bound an integer, or a text's or list's length."""

    name: str
    field_type: FieldType
    required: bool
    repeated: bool
    description: str
    low: int | None = None
    high: int | None = None
    default: str = ""
    choices: EnumMeta | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of effect, condition or target."""

    name: str
    description: str
    fields: tuple[Field, ...] = field(default=())


# Fields of a spec that have forms of their own.
_APART = {*TARGETS, "effect", "conditions", "more_effects"}


def effect_forms() -> list[Form]:
    """One form for each kind of effect."""
    return [_form(name, kind) for name, kind in EFFECTS.items()]


def condition_forms() -> list[Form]:
    """One form for each kind of condition."""
    return [_form(name, kind) for name, kind in CONDITIONS.items()]


def target_forms() -> list[Form]:
    """One form for each kind of target."""
    return [_form(name, kind) for name, kind in TARGETS.items()]


def spec_fields() -> tuple[Field, ...]:
    """The rest of an activity's spec."""
    return tuple(f for f in _fields(ActivitySpec) if f.name not in _APART)


def _form(name: str, kind: type[Struct]) -> Form:
    return Form(name, (kind.__doc__ or "").strip(), _fields(kind))


def _fields(struct: type[Struct], within: tuple[type[Struct], ...] = ()) -> tuple[Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)  # asked of a struct
    items = info.fields
    if struct in within:  # an exclusion is a target without an exclusion of its own
        items = tuple(item for item in items if not _holds(item, struct))
    return tuple(_field(item, (*within, struct)) for item in items)


def _holds(item: inspect.Field, struct: type[Struct]) -> bool:
    kind, _ = _unwrapped(item.type)
    return isinstance(kind, inspect.StructType) and kind.cls is struct


def _field(item: inspect.Field, within: tuple[type[Struct], ...]) -> Field:
    kind, description = _unwrapped(item.type)
    repeated = isinstance(kind, inspect.VarTupleType)
    low, high = _bounds(kind)
    if isinstance(kind, inspect.VarTupleType):
        kind, _ = _unwrapped(kind.item_type)
    return Field(
        name=item.name,
        field_type=_field_type(kind),
        required=item.required,
        repeated=repeated,
        description=description,
        low=low,
        high=high,
        default=_default(item.default),
        choices=kind.cls if isinstance(kind, inspect.EnumType) else None,
        fields=_fields(kind.cls, within) if isinstance(kind, inspect.StructType) else (),
    )


def _unwrapped(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """The type without "or None" and without metadata, and the description that stood there."""
    description = ""
    while True:
        if isinstance(kind, inspect.Metadata):
            description = (kind.extra_json_schema or {}).get("description", description)
            kind = kind.type
        elif isinstance(kind, inspect.UnionType) and kind.includes_none:
            kinds = tuple(t for t in kind.types if not isinstance(t, inspect.NoneType))
            kind = kinds[0] if len(kinds) == 1 else inspect.UnionType(kinds)
        else:
            return kind, description


def _bounds(kind: inspect.Type) -> tuple[int | None, int | None]:
    if isinstance(kind, inspect.IntType):
        return kind.ge, kind.le
    if isinstance(kind, inspect.StrType | inspect.VarTupleType):
        return kind.min_length, kind.max_length
    return None, None


def _field_type(kind: inspect.Type) -> FieldType:
    if isinstance(kind, inspect.EnumType):
        return FieldType.CHOICE
    if isinstance(kind, inspect.UnionType):
        # A form for each kind stands apart, so that conditions within conditions come to an end.
        kinds = [each.cls for each in kind.types if isinstance(each, inspect.StructType)]
        return FieldType.EFFECT if kinds[0] in EFFECTS.values() else FieldType.CONDITION
    if isinstance(kind, inspect.StructType):
        return FieldType.GROUP
    if isinstance(kind, inspect.BoolType):
        return FieldType.BOOLEAN
    if isinstance(kind, inspect.IntType):
        return FieldType.INTEGER
    return FieldType.INSTANT if isinstance(kind, inspect.DateTimeType) else FieldType.STRING


def _default(value: Any) -> str:
    if value in (msgspec.NODEFAULT, None, (), ""):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
