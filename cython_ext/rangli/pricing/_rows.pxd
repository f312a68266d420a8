# cython: language_level=3
"""The rows that the price kernel reads and writes, as C structs over flat arrays, and its codes.

Names, order and meaning are those of `rangli.activities.program` and `rangli.pricing.plan`; a test
compares the names with `_stacking.layout()`.
"""

from rangli.pricing._money cimport i64

cdef enum:
    ELIGIBLE = 0
    ALL_PRODUCTS = -1
    ALL_WITH_DELIVERY = -2
    NO_LIMIT = -1

    BASE_RUNNING = 1
    BASE_GROUP_START = 2
    BASE_LIST = 3
    BASE_ORIGINAL = 4
    BASE_OTHER = 5

    AMOUNT = 1
    QUANTITY = 2
    LINE_QUANTITY = 3
    DISTINCT = 4
    FACT = 5

    AT_LEAST = 1
    ABOVE = 2
    EQUAL = 3
    AT_MOST = 4
    BELOW = 5

    LEAF = 1
    NODE_ALL = 2
    NODE_ANY = 3
    NODE_NOT = 4

    PRICE = 1
    OFF = 2
    PERCENT = 3
    ENTRY = 4
    GIFT = 5
    EARN = 6
    EARN_RATE = 7

    UNIT = 1
    LINE = 2
    POOL = 3

    POSITION = 1
    DEAREST = 2
    CHEAPEST = 3
    LAST = 4

    TRIGGER = 1
    REWARD = 2

    SCALE_VALUE = 1
    SCALE_UNIT_LIMIT = 2

    OTHER_VALUE = 1
    OTHER_CAP = 2

    GIFT_ADD = 1
    GIFT_FREE = 2
    GIFT_TOP_UP = 3

    OF_DISCOUNT = 1
    OF_PRICE = 2

    BY_RUNNING = 1
    BY_LIST = 2
    BY_QUANTITY = 3
    BY_EQUAL = 4
    BY_OTHER = 5

    TO_LARGEST_ERROR = 1
    TO_FIRST = 2
    TO_LAST = 3
    TO_DEAREST = 4
    TO_CARRY = 5

    STOP_NONE = 0
    STOP_LINE = 1
    STOP_GROUP = 2
    STOP_ALL = 3

    MODE_ALL = 1
    MODE_FIRST = 2
    MODE_LARGEST = 3
    MODE_SMALLEST = 4
    MODE_BEST = 5

    SCOPE_CART = 1
    SCOPE_LINE = 2
    SCOPE_UNIT = 3

    APPLIED = 1
    CONDITION_NOT_MET = 2
    BEATEN = 3
    NO_EFFECT = 4
    EXCLUDED = 5
    LIMIT_REACHED = 6
    NOT_CHOSEN = 7
    CLAMPED = 8


# --- what an activity asks (program.py) -------------------------------------------------------

cdef struct Cond:
    i64 node, arity, measure, compare, base, required, lines, fact

cdef struct Tier:
    i64 minimum, kind, value, cap_minor

cdef struct Component:
    i64 lines, count, role, pick

cdef struct Effect:
    i64 kind, place, lines, value, per, cap_minor, unit_limit, limit_per_line, pick, scale
    i64 tier_measure, tier_base, tier_lines, graduated, tier_every, repeat_max, partial, spread
    i64 skip_trigger, skip_reward, mark, rounding, rounding_of, weight, share_rounding, leftover
    i64 gift_mode, other_price, tier_first, tier_count, part_first, part_count

cdef struct Head:
    i64 first_only, cap_minor, base, times_measure, times_base, times_lines, times_every, times_max
    i64 skip_reduced, cap_other_price, remainder_funder
    i64 cond_first, cond_count, effect_first, effect_count, funder_first, funder_count


# --- a policy and a cart (plan.py) ------------------------------------------------------------

cdef struct Group:
    i64 parent, mode, scope, base, most, limit_minor, any_order, resets, zero_counts

cdef struct Money:
    i64 rounding, rounding_of, weight, share_rounding, leftover, share_again

cdef struct CartRow:
    i64 unit_minor, quantity, outside_minor, floor_minor, other_minor, product, delivery

cdef struct StepRow:
    i64 group, program, lines, lists, facts, entries, credential, exclusion, exclusive, stop
    i64 stop_matched, labels, allows, amount_left, units_left, uses_left, cut

cdef struct EntryRow:
    i64 kind, value, per


# --- the answer (plan.py) ---------------------------------------------------------------------

cdef struct TakeRow:
    i64 step, effect, application, line, unit_first, units, off_minor

cdef struct GrantRow:
    i64 step, effect, amount

cdef struct ResultRow:
    i64 status, base_minor, off_minor, worth_minor, tier, times, cond, measure, required, actual
    i64 beaten_by, beaten_minor, clamped_minor, cut_minor

cdef struct LeafRow:
    i64 step, cond, actual, truth
