"""ListTemplates: the forms as messages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rangli.activities import forms
from rangli.activities.forms import Field, Form
from rangli.activities.templates import TEMPLATES, Template
from rangli.core.call import CallContext
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.wire.convert import enum_number

_FIELD_TYPE = pb.FieldType.DESCRIPTOR


def list_templates(
    _call: CallContext, _request: pb.ListTemplatesRequest
) -> pb.ListTemplatesResponse:
    """Everything a console needs to draw the forms; the same for every caller."""
    return pb.ListTemplatesResponse(
        templates=[_template(template) for template in TEMPLATES.values()],
        effects=_kinds(forms.effect_forms()),
        conditions=_kinds(forms.condition_forms()),
        targets=_kinds(forms.target_forms()),
        fields=_fields(forms.spec_fields()),
    )


def _template(template: Template) -> pb.Template:
    entitlements = [
        enum_number(ab.Entitlement.DESCRIPTOR, item.name) for item in template.entitlements
    ]
    layers = [enum_number(ab.Layer.DESCRIPTOR, item.name) for item in template.layers]
    return pb.Template(
        template_id=template.template_id,
        display_name=template.display_name,
        description=template.description,
        default_entitlement=entitlements[0],
        default_layer=layers[0],
        entitlements=entitlements,
        layers=layers,
        effects=template.effects,
        conditions=template.conditions,
        needs_products=template.needs_products,
    )


def _kinds(described: Iterable[Form]) -> list[pb.KindSchema]:
    return [
        pb.KindSchema(name=form.name, description=form.description, fields=_fields(form.fields))
        for form in described
    ]


def _fields(fields: Iterable[Field]) -> list[pb.FieldSchema]:
    return [
        pb.FieldSchema(
            name=field.name,
            type=enum_number(_FIELD_TYPE, field.field_type.name),
            required=field.required,
            repeated=field.repeated,
            description=field.description,
            min=field.low,
            max=field.high,
            default_value=_value_name(field, field.default),
            choices=[_value_name(field, name) for name in _members(field)],
            fields=_fields(field.fields),
        )
        for field in fields
    ]


def _value_name(field: Field, member: str) -> str:
    """An enum's member as its message writes it: POOL of AmountPer is AMOUNT_PER_POOL."""
    if field.choices is None or not member:
        return member
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.choices.__name__).upper() + f"_{member}"


def _members(field: Field) -> Iterable[str]:
    return field.choices.__members__ if field.choices is not None else ()
