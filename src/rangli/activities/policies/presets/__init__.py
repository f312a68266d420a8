"""The policies that come with rangli: one YAML file each, protobuf JSON of StackingPolicy.

Nothing here is private to them: the same file can be put as a tenant's own policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from rangli.activities.measures import ConditionBase
from rangli.activities.policies.spec import GroupMode, GroupOrder, GroupScope, PolicySpec
from rangli.activities.rounding import Leftover, RoundingMode, RoundingOf, ShareWeight
from rangli.activities.spec import Entitlement, Layer

# Protobuf JSON writes GROUP_MODE_ALL, the struct says ALL. Where carts are priced, protobuf is not
# known; hence this table, which a test compares with the messages.
_ENUMS: dict[str, type[StrEnum]] = {
    "GROUP_MODE_": GroupMode,
    "GROUP_SCOPE_": GroupScope,
    "GROUP_ORDER_": GroupOrder,
    "CONDITION_BASE_": ConditionBase,
    "LAYER_": Layer,
    "ENTITLEMENT_": Entitlement,
    "ROUNDING_MODE_": RoundingMode,
    "ROUNDING_OF_": RoundingOf,
    "SHARE_WEIGHT_": ShareWeight,
    "LEFTOVER_": Leftover,
}
_MEMBERS = {f"{prefix}{m.value}": m.value for prefix, enum in _ENUMS.items() for m in enum}


def _load() -> dict[str, PolicySpec]:
    found = {}
    for file in files(__name__).iterdir():
        if file.name.endswith(".yaml"):
            policy_id = file.name.removesuffix(".yaml")
            said = _plain(yaml.load(file.read_text("utf-8"), yaml.CSafeLoader))
            found[policy_id] = msgspec.convert({**said, "preset_of": policy_id}, PolicySpec)
    return dict(sorted(found.items()))


def _plain(said: Any) -> Any:
    """The same with the enums' members as the structs name them."""
    if isinstance(said, dict):
        return {key: _plain(value) for key, value in said.items()}
    if isinstance(said, list):
        return [_plain(value) for value in said]
    return _MEMBERS.get(said, said) if isinstance(said, str) else said


PRESETS: Mapping[str, PolicySpec] = _load()
DEFAULT = PRESETS["default"]
