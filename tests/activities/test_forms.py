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
# Messages that are filled in otherwise than as a group of their fields.
_MESSAGES = {
    "Timestamp": pb.FIELD_TYPE_INSTANT,
    "Effect": pb.FIELD_TYPE_EFFECT,
    "Condition": pb.FIELD_TYPE_CONDITION,
}
# What answers alone say.
_ANSWERED = {"MEASURE_FACT"}


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
    apart = {*_TARGETS, "effect", "conditions", "more_effects"}
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
        message = own.message_type.name if own.message_type is not None else ""
        assert field.type == _MESSAGES.get(message, _TYPES[own.type])
        assert field.repeated == own.is_repeated
        assert field.description
        values = own.enum_type.values if own.enum_type else ()
        choices = [v.name for v in values if v.number and v.name not in _ANSWERED]
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
    # Nothing is what 0 says on the wire, so 0 below a bound of 1 reads as left out.
    assert _refused(path, field.min - 1) or (field.min == 1 and not field.required)
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
    "set_price": {"price_minor": 1},
    "percent_off": {"off_bps": 1},
    "threshold_off": {"tiers": [{}]},
    "nth_unit": {"n": 2, "benefit": {}},
    "buy_get": {"buy_quantity": 1, "get_quantity": 1},
    "n_for_price": {"quantity": 2, "price_minor": 1},
    "bundle": {"parts": [{"products": {}, "quantity": 1}], "benefit": {}},
    "parts": {"products": {}, "quantity": 1},
    "gift": {"sku": "a", "worth_minor": 1},
    "trade_up": {"products": {}, "price_minor": 1, "unit_limit": 1},
    "shipping_off": {"benefit": {}},
    "earn": {"kind": "EARNING_KIND_POINTS"},
    "min_amount": {"amount_minor": 1},
    "min_quantity": {"quantity": 1},
    "compare": {"measure": "MEASURE_AMOUNT", "value": 0},
    "fact_is": {"name": "x"},
    "rule": {"expression": "true"},
    "multiplier": {"measure": "MEASURE_AMOUNT", "every": 1},
    "weekly_windows": {"days": [1], "to_minute": 1},
    "funding": {"funder": "x", "share_bps": 1},
    "limits": {"subject": "LIMIT_SUBJECT_USER", "most": 1},
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
            message.MergeFrom(type(message)(**_FILLED.get(name, {})))
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
        if template.layers[0] == ab.LAYER_BUNDLE:
            message.products.skus[:] = ["x"]

        stated = completed(message)

        assert stated.layer is not None
        assert stated.entitlement is not None


# What a form cannot say: that one of several fields must be set, and names of things.
_ONE_OF: dict[str, dict[str, Any]] = {
    "tiers": {"min_amount_minor": 1, "amount_off_minor": 1},
    "benefit": {"off_bps": 1},
    "products": {"skus": ["x"]},
    "earn": {"amount": 1},
}


def _fill(message: Any, fields: Iterable[pb.FieldSchema], name: str = "") -> None:
    message.MergeFrom(type(message)(**_ONE_OF.get(name or _snake(message), {})))
    for field in fields:
        if not field.required:
            continue
        if field.type == pb.FIELD_TYPE_GROUP:
            inside = getattr(message, field.name)
            _fill(inside.add() if field.repeated else inside, field.fields, field.name)
        elif field.type == pb.FIELD_TYPE_CHOICE:
            number = message.DESCRIPTOR.fields_by_name[field.name].enum_type.values_by_name
            setattr(message, field.name, number[field.choices[0]].number)
        elif field.type == pb.FIELD_TYPE_STRING:
            setattr(message, field.name, "x" * field.min)
        else:
            setattr(message, field.name, field.min)


def _snake(message: Any) -> str:
    return str(message.DESCRIPTOR.name).lower()


def test_conditions_within_conditions_are_named_not_spelt_out() -> None:
    for form in ANSWER.conditions[-3:]:
        (inner,) = form.fields
        assert (inner.name, inner.type) == ("conditions", pb.FIELD_TYPE_CONDITION)
        assert inner.repeated
        assert inner.required
        assert (inner.min, inner.max) == (1, 10)
        assert not inner.fields


def test_every_effect_and_condition_is_some_templates() -> None:
    assert {name for t in ANSWER.templates for name in t.effects} == {
        form.name for form in ANSWER.effects
    }
    assert {name for t in ANSWER.templates for name in t.conditions} == {
        form.name for form in ANSWER.conditions
    }


def test_an_operator_finds_every_kind_of_activity() -> None:
    assert [template.template_id for template in ANSWER.templates] == [
        "price_book",
        "promotion_price",
        "flash_price",
        "item_discount",
        "item_coupon",
        "nth_unit",
        "buy_get",
        "n_for_price",
        "bundle",
        "trade_up",
        "gift",
        "order_threshold",
        "order_coupon",
        "shipping_discount",
        "shipping_coupon",
        "earning",
    ]
