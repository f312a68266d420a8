"""The price kernel, readable: the specification of what `_stacking.pyx` computes.

`problem` reads the arrays; `groups` carries out the policy's tree, with `lines` for groups whose
winners differ by line or unit; `judging` says what a step would do, by its `conditions`, its
`effects` (`amounts`), `patterns` and `gifts`, within its limits (`work`); `state` is where all that
stands; `units` and `money` split and round; `search` finds the best combination, by a `bound` made
of what steps can still `reach`; `answer` says who pays.

Pure: the same programs, tree and plan give the same outcome. Speed does not matter here, but that
nothing loops over single units.
"""

from __future__ import annotations

from rangli.activities.program import Programs
from rangli.pricing.bounds import check
from rangli.pricing.plan import Outcome, Plan, Tree
from rangli.pricing.stacking.answer import answer
from rangli.pricing.stacking.problem import read
from rangli.pricing.stacking.search import best

__all__ = ["price"]


def price(programs: Programs, tree: Tree, plan: Plan) -> Outcome:
    """Price one cart. Raises ValueError for what `bounds.check` refuses."""
    check(programs, tree, plan)
    problem = read(programs, tree, plan)
    found = best(problem)
    return answer(problem, found.state, nodes=found.nodes, gap_minor=found.gap_minor)
