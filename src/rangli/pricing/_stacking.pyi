"""The compiled price kernel; `stacking.py` says what it computes."""

from rangli.pricing.plan import Outcome, Plan, Programs

def price(programs: Programs, plan: Plan) -> Outcome: ...
