"""Between protobuf messages and the domains' typed structs, by name.

A message and its struct have the same field names, an enum value is named as its member with the
enum's name in front, and a message that is one oneof `kind` is a tagged union whose tag is the
field's name. So one walk converts them all, and a new kind of effect or condition needs no code
here. Bounds are written once, at the struct's fields; msgspec checks them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, Violation
from rangli.wire.names import plain

T = TypeVar("T")
M = TypeVar("M", bound=Message)

# A FieldDescriptor, of which protobuf has two unrelated types.
_Field = Any

# The years 2 to 9998: a year less at both ends than google.protobuf.Timestamp allows, so that every
# instant has a local time in every time zone.
_SECONDS_MIN, _SECONDS_MAX = -62_104_060_800, 253_370_764_799


def to_struct(message: Message, struct: type[T], path: str) -> T:
    """The struct that says what the message says.

    path: where the message stands in the request, for the violations ("spec").
    Raises Invalid with the first field that breaks its bounds.
    """
    said = _builtins(message, path)
    try:
        return msgspec.convert(said, struct)
    except msgspec.ValidationError as error:
        raise Invalid.fields(_violation(str(error), path, said)) from None


def fill(message: M, struct: Any) -> M:
    """Sets the message's fields from the struct's; returns the message.

    What says no more than leaving it out is left out.
    """
    descriptor = message.DESCRIPTOR
    if "kind" in descriptor.oneofs_by_name:
        name = struct.__struct_config__.tag
        kind = getattr(message, name)
        kind.SetInParent()
        fill(kind, struct)
        return message
    for attribute, name, default in _defaults(struct.__class__):
        value = getattr(struct, attribute)
        if value is None or value == default:
            continue
        field = descriptor.fields_by_name[name]
        if field.message_type is not None:
            _fill_message(message, field, value)
        elif isinstance(value, tuple):
            getattr(message, name).extend(_scalar(field, item) for item in value)
        else:
            setattr(message, name, _scalar(field, value))
    return message


@lru_cache(maxsize=256)
def _defaults(struct: Any) -> tuple[tuple[str, str, Any], ...]:
    """The struct's attributes, the fields they stand for, and what each is if nothing is said."""
    fields = msgspec.structs.fields(struct)
    return tuple((field.name, field.encode_name, field.default) for field in fields)


def set_timestamp(message: Timestamp, at: datetime) -> None:
    """Sets a timestamp from an aware datetime."""
    message.seconds, rest_us = divmod(micros(at), 1_000_000)
    message.nanos = rest_us * 1000


def micros_of(message: Timestamp, path: str) -> int:
    """A timestamp as microseconds since 1970; raises Invalid if it is out of range."""
    seconds, nanos = message.seconds, message.nanos
    if not (_SECONDS_MIN <= seconds <= _SECONDS_MAX and 0 <= nanos < 1_000_000_000):
        raise Invalid.fields(Violation(path, "must be an instant of the years 2 to 9998"))
    return seconds * 1_000_000 + nanos // 1000


@lru_cache(maxsize=256)
def enum_prefix(descriptor: EnumDescriptor) -> str:
    """What stands before members in the value names: `ActivityState` -> `ACTIVITY_STATE_`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", descriptor.name).upper() + "_"


def enum_number(descriptor: EnumDescriptor, member: str) -> Any:
    """The number of the enum's value for a domain enum's member (each enum has its own type)."""
    return descriptor.values_by_name[enum_prefix(descriptor) + member].number


def _fill_message(message: Message, field: _Field, value: Any) -> None:
    target = getattr(message, field.name)
    if isinstance(value, tuple):
        for item in value:
            fill(target.add(), item)
    elif isinstance(value, datetime):
        set_timestamp(target, value)
    else:
        target.SetInParent()
        fill(target, value)


def _scalar(field: _Field, value: Any) -> Any:
    if isinstance(value, Enum) and field.enum_type is not None:
        return enum_number(field.enum_type, value.name)
    return value


def _builtins(message: Message, path: str) -> dict[str, Any]:
    """The message as dicts, lists and scalars; what is not set is left out."""
    descriptor = message.DESCRIPTOR
    if "kind" in descriptor.oneofs_by_name:
        return _tagged(message, descriptor, path)
    return {
        field.name: _field(field, value, f"{path}.{field.name}")
        for field, value in message.ListFields()
        if not (field.enum_type is not None and value == 0)
    }


def _tagged(message: Message, descriptor: Any, path: str) -> dict[str, Any]:
    name = message.WhichOneof("kind")
    if name is None:
        known = ", ".join(sorted(descriptor.fields_by_name))
        raise Invalid.fields(Violation(path, f"must be one of: {known}"))
    return {"type": name, **_builtins(getattr(message, name), f"{path}.{name}")}


def _field(field: _Field, value: Any, path: str) -> Any:
    one = _converter(field)
    if field.is_repeated:
        return [one(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return one(value, path)


def _converter(field: _Field) -> Callable[[Any, str], Any]:
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return lambda value, path: instant(micros_of(value, path))
        return _builtins
    enum = field.enum_type
    if enum is not None:
        values = enum.values_by_number
        prefix = enum_prefix(enum)

        def member(value: int, path: str) -> str:
            if value not in values:
                names = ", ".join(v.name for v in enum.values if v.number)
                raise Invalid.fields(Violation(path, f"{value} is unknown; use one of: {names}"))
            return str(values[value].name.removeprefix(prefix))

        return member
    return _text if field.type == field.TYPE_STRING else lambda value, _path: value


def _text(value: str, path: str) -> str:
    if not plain(value):
        raise Invalid.fields(Violation(path, "must hold no control characters"))
    return value


_AT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<where>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def _violation(error: str, path: str, said: Any) -> Violation:
    """msgspec's message, "Expected `int` >= 1 - at `$.effect.off_bps`", in our form."""
    match = _AT.fullmatch(error)
    assert match is not None  # the pattern's parts are all optional
    what, where = match["what"], match["where"] or ""
    if missing := _MISSING.fullmatch(what):
        where, what = f"{where}.{missing['name']}", "is required"
    what = what.replace("`", "")
    return Violation(path + _named(where, said), what[0].lower() + what[1:])


def _named(where: str, said: Any) -> str:
    """The struct's path as the message's: a tagged union's kind is a step of its own there."""
    named = ""
    for name, index in _STEP.findall(where):
        if isinstance(said, dict) and "type" in said:
            named += f".{said['type']}"
        named += f".{name}" if name else f"[{index}]"
        if isinstance(said, dict):
            said = said.get(name)
        elif isinstance(said, list):
            said = said[int(index)]
    return named
