"""What the functions of the price kernel share: codes, bounds and the `Work` on one cart."""

from rangli.pricing._money cimport i64

# The codes of rangli.pricing.plan, whose names they carry.
cdef enum:
    AMOUNT = 1
    QUANTITY = 2
    CONDITION_LIST = 2
    UNIT_PRICE = 1
    UNIT_OFF = 2
    LINE_OFF = 3
    LINE_PERCENT = 4
    POOL_OFF = 5
    POOL_PERCENT = 6
    ENTRY = 7
    MODE_ALL = 1
    MODE_BEST = 2
    SCOPE_CART = 1
    SCOPE_LINE = 2
    BASE_RUNNING = 1
    BASE_GROUP_START = 2
    BASE_LIST = 3
    APPLIED = 1
    CONDITION_NOT_MET = 2
    BEATEN = 3
    NO_EFFECT = 4

cdef enum:
    BPS = 10_000
    LINES_MAX = 500
    QUANTITY_MAX = 1_000_000

cdef extern from *:
    """
    #define RANGLI_LINE_MINOR_MAX 1000000000000LL
    #define RANGLI_VALUE_MAX 10000000000000LL
    """
    # Too large for an enum, which Cython takes for an int. VALUE_MAX is also the most of a cart.
    const i64 LINE_MINOR_MAX "RANGLI_LINE_MINOR_MAX"
    const i64 VALUE_MAX "RANGLI_VALUE_MAX"


cdef struct Unit:
    # A line as a source of units, for taking the dearest first.
    i64 left
    i64 quantity
    i64 at


cdef struct Work:
    # Sizes, then the arrays of Programs, Plan and Outcome under their names there.
    i64 programs, conds, tiers, funders, lines, groups, steps, pairs, owns, own_entries
    const i64 *prog_conds
    const i64 *cond_measure
    const i64 *cond_base
    const i64 *cond_required
    const i64 *cond_own
    const i64 *prog_tiers
    const i64 *tier_min
    const i64 *tier_op
    const i64 *tier_value
    const i64 *tier_per
    const i64 *tier_cap
    const i64 *tier_limit
    const i64 *tier_every
    const i64 *prog_funders
    const i64 *funder_bps
    const i64 *unit_minor
    const i64 *quantity
    const i64 *group_mode
    const i64 *group_scope
    const i64 *group_base
    const i64 *step_group
    const i64 *step_program
    const i64 *step_pairs
    const i64 *pair_line
    const i64 *pair_op
    const i64 *pair_value
    const i64 *pair_per
    const i64 *step_own
    const i64 *own_lines
    const i64 *own_line
    i64 *line_payable  # while pricing: what is left on the line
    i64 *step_status
    i64 *step_base
    i64 *step_off
    i64 *step_tier
    i64 *step_measure
    i64 *step_required
    i64 *step_actual
    i64 *step_beaten_by
    i64 *step_beaten_minor
    i64 *pair_off
    i64 *step_shares
    i64 *share_off
    # Scratch, by line.
    i64 *list_minor
    i64 *start       # left at group start
    i64 *best        # highest bid for the line in this group
    i64 *best_step   # who made it, -1 nobody
    # Scratch, by place among the pairs that a step acts on now.
    i64 n
    i64 left_minor   # sums over them
    i64 base_minor
    i64 *at          # the pair
    i64 *left        # what is left on its line
    i64 *base        # what a discount is computed on
    i64 *take
    i64 *errors
    i64 *spare
    Unit *units
    # Scratch, by funder.
    i64 *paid
    i64 *lag
