"""The compiled price kernel; `stacking/` says what it computes."""

from rangli.activities.program import Programs
from rangli.pricing.plan import Outcome, Plan, Tree

def price(programs: Programs, tree: Tree, plan: Plan) -> Outcome: ...
def layout() -> dict[str, tuple[str, ...]]: ...
