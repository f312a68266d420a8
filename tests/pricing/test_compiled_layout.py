"""The compiled kernel lays C structs over the arrays: their fields must be those of the rows."""

from dataclasses import fields

from rangli.activities import program
from rangli.pricing import _stacking, plan


def test_c_structs_have_the_fields_of_programs_in_their_order():
    layout = _stacking.layout()

    assert layout["Program"] == program.HEAD_FIELDS
    assert layout["EffectOp"] == program.EFFECT_FIELDS
    assert layout["Cond"] == program.COND_FIELDS
    assert layout["Tier"] == program.TIER_FIELDS
    assert layout["Component"] == program.COMPONENT_FIELDS


def test_c_structs_have_the_fields_of_plans_and_outcomes_in_their_order():
    layout = _stacking.layout()
    rows = layout.keys() - {"Program", "EffectOp", "Cond", "Tier", "Component"}

    assert len(rows) == 9
    for row in rows:
        assert layout[row] == tuple(field.name for field in fields(getattr(plan, row)))
