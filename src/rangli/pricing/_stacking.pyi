"""The compiled price kernel; `stacking.py` says what it computes."""

from rangli.activities.program import Programs
from rangli.pricing.plan import Outcome, Plan

def price(programs: Programs, plan: Plan) -> Outcome: ...
