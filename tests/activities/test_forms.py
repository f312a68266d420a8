"""ListTemplates says all that a console must know to draw the forms, and nothing untrue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from rangli.activities.form_rpc import list_templates
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Invalid
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.wire.convert import to_struct
from tests.activities.compiled import completed
from tests.world import spec

ANSWER = list_templates(None, pb.ListTemplatesRequest())  # type: ignore[arg-type]
_SPEC = ab.ActivitySpec.DESCRIPTOR
_TARGETS = ("products", "stores", "users")

_TYPES = {
    FieldDescriptor.TYPE_INT32: pb.FIELD_TYPE_INTEGER,
    FieldDescriptor.TYPE_INT64: pb.FIELD_TYPE_INTEGER,
    FieldDescriptor.TYPE_STRING: pb.FIELD_TYPE_STRING,
    FieldDescriptor.TYPE_BOOL: pb.FIELD_TYPE_BOOLEAN,
    FieldDescriptor.TYPE_ENUM: pb.FIELD_TYPE_CHOICE,
    FieldDescriptor.TYPE_MESSAGE: pb.FIELD_TYPE_GROUP,
}


def forms() -> list[tuple[str, Descriptor, Iterable[pb.FieldSchema]]]:
    """Every form with the message that it fills."""
    found = [
        ("effect", ab.Effect.DESCRIPTOR, ANSWER.effects),
        ("condition", ab.Condition.DESCRIPTOR, ANSWER.conditions),
        ("target", _SPEC, ANSWER.targets),
    ]
    return [
        (f"{group} {form.name}", whole.fields_by_name[form.name].message_type, form.fields)
        for group, whole, kinds in found
        for form in kinds
    ]


def test_every_kind_of_effect_condition_and_target_has_a_form() -> None:
    assert [f.name for f in ANSWER.effects] == list(ab.Effect.DESCRIPTOR.fields_by_name)
    assert [f.name for f in ANSWER.conditions] == list(ab.Condition.DESCRIPTOR.fields_by_name)
    assert [f.name for f in ANSWER.targets] == list(_TARGETS)
    apart = {*_TARGETS, "effect", "conditions"}
    assert [f.name for f in ANSWER.fields] == [f.name for f in _SPEC.fields if f.name not in apart]
    assert all(f.description for f in (*ANSWER.effects, *ANSWER.conditions, *ANSWER.targets))


@pytest.mark.parametrize(
    ("descriptor", "fields"),
    [
        *((descriptor, fields) for _, descriptor, fields in forms()),
        (_SPEC, ANSWER.fields),
    ],
    ids=[*(name for name, *_ in forms()), "spec"],
)
def test_a_form_has_the_fields_of_its_message(
    descriptor: Descriptor, fields: Iterable[pb.FieldSchema]
) -> None:
    _compare(descriptor, fields, inside_exclude=False, whole=descriptor is not _SPEC)


def _compare(
    descriptor: Descriptor,
    fields: Iterable[pb.FieldSchema],
    *,
    inside_exclude: bool,
    whole: bool = True,
) -> None:
    names = {field.name for field in fields}
    if whole:
        assert names == {f.name for f in descriptor.fields} - (
            {"exclude"} if inside_exclude else set()
        )
    for field in fields:
        own = descriptor.fields_by_name[field.name]
        instant = own.message_type is not None and own.message_type.name == "Timestamp"
        assert field.type == (pb.FIELD_TYPE_INSTANT if instant else _TYPES[own.type])
        assert field.repeated == own.is_repeated
        assert field.description
        choices = [v.name for v in own.enum_type.values if v.number] if own.enum_type else []
        assert list(field.choices) == choices
        assert not choices or field.default_value in ("", *choices)
        if field.type == pb.FIELD_TYPE_GROUP:
            _compare(own.message_type, field.fields, inside_exclude=field.name == "exclude")


def test_a_template_allows_what_its_default_is_and_names_what_there_is() -> None:
    effects = {form.name for form in ANSWER.effects}
    conditions = {form.name for form in ANSWER.conditions}
    for template in ANSWER.templates:
        assert template.default_entitlement in template.entitlements
        assert template.default_layer in template.layers
        assert template.effects
        assert set(template.effects) <= effects
        assert set(template.conditions) <= conditions
        assert template.display_name
        assert template.description


def _numbers(
    fields: Iterable[pb.FieldSchema], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], pb.FieldSchema]]:
    for field in fields:
        here = (*path, field.name)
        if field.type == pb.FIELD_TYPE_INTEGER:
            yield here, field
        elif field.type == pb.FIELD_TYPE_GROUP:
            yield from _numbers(field.fields, here)


_NUMBERS = [
    *(n for form in ANSWER.effects for n in _numbers(form.fields, ("effect", form.name))),
    *(n for form in ANSWER.conditions for n in _numbers(form.fields, ("conditions", form.name))),
    *_numbers(ANSWER.fields, ()),
]


@pytest.mark.parametrize(("path", "field"), _NUMBERS, ids=[".".join(p) for p, _ in _NUMBERS])
def test_the_bounds_in_the_form_are_those_that_are_enforced(
    path: tuple[str, ...], field: pb.FieldSchema
) -> None:
    assert field.HasField("min")
    assert field.HasField("max")

    assert not _refused(path, field.min)
    assert not _refused(path, field.max)
    # Nothing is what 0 says on the wire, so 0 below a bound of 1 reads as missing.
    assert _refused(path, field.min - 1)
    assert _refused(path, field.max + 1)


def _refused(path: tuple[str, ...], value: int) -> bool:
    """Whether the number, set in an otherwise good message, is refused as that field."""
    message = spec("order_coupon", percent_off={"off_bps": 1})
    _set(message, path, value)
    try:
        to_struct(message, ActivitySpec, "spec")
    except Invalid as refused:
        (violation,) = refused.violations
        assert path[-1] in violation.field.rpartition(".")[2]
        return True
    return False


_FILLED: dict[str, Any] = {
    "amount_off": {"amount_minor": 1},
    "percent_off": {"off_bps": 1},
    "tiers": {"min_amount_minor": 1},
    "weekly_windows": {"days": [1], "to_minute": 1},
    "funding": {"funder": "x", "share_bps": 1},
}


def _set(message: Any, path: tuple[str, ...], value: int) -> None:
    for name in path[:-1]:
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            del getattr(message, name)[:]
            message = getattr(message, name).add(**_FILLED.get(name, {}))
        else:
            message = getattr(message, name)
            message.SetInParent()
            for required, least in _FILLED.get(name, {}).items():
                setattr(message, required, least)
    last = message.DESCRIPTOR.fields_by_name[path[-1]]
    if last.is_repeated:
        getattr(message, path[-1])[:] = [value]
    else:
        setattr(message, path[-1], value)


def test_a_form_filled_in_is_the_message() -> None:
    """Each template with its first effect, filled with the least of everything it requires."""
    for template in ANSWER.templates:
        form = next(f for f in ANSWER.effects if f.name == template.effects[0])
        message = spec(template.template_id)
        kind = getattr(message.effect, form.name)
        kind.SetInParent()
        _fill(kind, form.fields)
        if form.name == "threshold_off":
            message.effect.threshold_off.tiers[0].amount_off_minor = 1

        stated = completed(message)

        assert stated.layer is not None
        assert stated.entitlement is not None


def _fill(message: Any, fields: Iterable[pb.FieldSchema]) -> None:
    for field in fields:
        if not field.required:
            continue
        if field.type == pb.FIELD_TYPE_GROUP:
            _fill(getattr(message, field.name).add(), field.fields)
        else:
            setattr(message, field.name, field.min)
