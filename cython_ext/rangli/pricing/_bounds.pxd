# cython: language_level=3, cdivision=True
"""What the price kernel refuses: `rangli/pricing/bounds.py` in C. Only programs in use are read.

Besides, rows that a program's head or effect names must exist.
"""

from rangli.pricing._money cimport BPS, HALF_UP, UP, i64
from rangli.pricing._program_bounds cimport flaw_of_program, needs_of
from rangli.pricing._rows cimport (
    BASE_ORIGINAL, BASE_RUNNING, BY_OTHER, BY_RUNNING, MODE_ALL, MODE_BEST, NO_LIMIT, OF_DISCOUNT,
    OF_PRICE, PERCENT, PRICE, SCOPE_CART, SCOPE_UNIT, STOP_ALL, STOP_NONE, TO_CARRY,
    TO_LARGEST_ERROR, CartRow, EntryRow, Group, Money, StepRow,
)
from rangli.pricing._work cimport LINE_MINOR_MAX, VALUE_MAX, Needs, Problem

cdef enum:
    LINES_MAX = 500
    DELIVERIES_MAX = 100
    QUANTITY_MAX = 1_000_000
    GROUPS_MAX = 64
    NODES_MAX = 1_000_000


cdef inline const char* flaw(const Problem* p) noexcept nogil:
    """What breaks the bounds, NULL if nothing does."""
    cdef const char* found = flaw_of_tree(p)
    if found == NULL:
        found = flaw_of_cart(p)
    if found == NULL:
        found = flaw_of_plan(p)
    if found == NULL:
        found = flaw_of_steps(p)
    return found


cdef inline bint bit(i64 flag) noexcept nogil:
    return 0 <= flag <= 1


cdef inline bint limit(i64 value) noexcept nogil:
    return 0 <= value <= VALUE_MAX


cdef inline const char* flaw_of_tree(const Problem* p) noexcept nogil:
    cdef const Money* money = p.money
    cdef i64 i, above
    cdef const Group* group
    cdef const Group* each
    if p.group_count > GROUPS_MAX:
        return b"number of groups"
    if not 1 <= p.tree_node_limit <= NODES_MAX:
        return b"node_limit"
    if p.money_count != 1:
        return b"one row of money"
    if not (
        HALF_UP <= money.rounding <= UP and OF_DISCOUNT <= money.rounding_of <= OF_PRICE
        and BY_RUNNING <= money.weight <= BY_OTHER and HALF_UP <= money.share_rounding <= UP
        and TO_LARGEST_ERROR <= money.leftover <= TO_CARRY and bit(money.share_again)
    ):
        return b"money"
    for i in range(p.group_count):
        group = p.groups + i
        if not (
            MODE_ALL <= group.mode <= MODE_BEST and SCOPE_CART <= group.scope <= SCOPE_UNIT
            and BASE_RUNNING <= group.base <= BASE_ORIGINAL and limit(group.most)
            and limit(group.limit_minor) and bit(group.any_order) and bit(group.resets)
            and bit(group.zero_counts)
            and (group.mode != MODE_BEST or group.scope != SCOPE_UNIT)
        ):
            return b"a group"
        # Preorder: the parent is the group before, or one of those it stands in.
        above = i - 1
        while above >= 0 and above != group.parent:
            above = p.groups[above].parent
        if above != group.parent or group.parent < -1:
            return b"parent is not in preorder"
        while above >= 0:
            each = p.groups + above
            if each.scope != SCOPE_CART or each.mode == MODE_BEST:
                return b"scope or mode above child groups"
            if group.mode == MODE_BEST and each.mode != MODE_ALL:
                return b"BEST stands under ALL only"
            above = each.parent
    return NULL


cdef inline const char* flaw_of_cart(const Problem* p) noexcept nogil:
    cdef i64 i, amount, deliveries = 0, list_minor = 0, other_minor = 0
    cdef const CartRow* row
    if p.cart_count > LINES_MAX + DELIVERIES_MAX:
        return b"number of lines"
    for i in range(p.cart_count):
        row = p.cart + i
        if not bit(row.delivery):
            return b"delivery"
        deliveries += row.delivery
        if not 1 <= row.quantity <= (1 if row.delivery else QUANTITY_MAX):
            return b"quantity"
        # Products fit: 10^12 times 10^6. They take less long than a division.
        if not 0 <= row.unit_minor <= LINE_MINOR_MAX:
            return b"list amount of a line"
        amount = row.unit_minor * row.quantity
        if amount > LINE_MINOR_MAX:
            return b"list amount of a line"
        if not 0 <= row.outside_minor <= amount:
            return b"outside_minor"
        if not 0 <= row.floor_minor <= amount - row.outside_minor:
            return b"floor_minor"
        if not -1 <= row.other_minor <= LINE_MINOR_MAX or (
            row.other_minor * row.quantity > LINE_MINOR_MAX
        ):
            return b"other amount of a line"
        list_minor += amount
        other_minor += row.other_minor * row.quantity if row.other_minor > 0 else 0
    if deliveries > DELIVERIES_MAX or p.cart_count - deliveries > LINES_MAX:
        return b"number of lines or delivery groups"
    if list_minor > VALUE_MAX or other_minor > VALUE_MAX:
        return b"amount of the cart"
    return NULL


cdef inline const char* flaw_of_plan(const Problem* p) noexcept nogil:
    cdef i64 i, end = 0, lines = 0, lists = 0, facts = 0, entries = 0
    cdef const StepRow* step
    if not (p.off_max_minor == NO_LIMIT or limit(p.off_max_minor)):
        return b"off_max_minor"
    if not (0 <= p.node_limit <= NODES_MAX and bit(p.trace)):
        return b"node_limit or trace"
    for i in range(p.step_count):
        step = p.steps + i
        # No sum can leave 64 bits: none may pass the number of entries that there are.
        if not (
            0 <= step.lines <= p.line_count - lines and 0 <= step.lists <= p.list_count - lists
            and 0 <= step.facts <= p.fact_count - facts and bit(step.entries)
        ):
            return b"counts of a step"
        lines += step.lines
        lists += step.lists
        facts += step.facts
        entries += step.lines if step.entries else 0
    if not (
        lines == p.line_count and lists == p.list_count and facts == p.fact_count
        and entries == p.entry_count
    ):
        return b"number of lines, lists, facts or entries of steps"
    for i in range(p.fact_count):
        if not 0 <= p.facts[i] <= 2:
            return b"a fact"
    for i in range(p.list_count):
        if p.list_ends[i] < end:
            return b"list_ends"
        end = p.list_ends[i]
    if end != p.list_line_count:
        return b"list_ends"
    for i in range(p.entry_count):
        if not (
            PRICE <= p.entries[i].kind <= PERCENT and 1 <= p.entries[i].per <= VALUE_MAX
            and 0 <= p.entries[i].value <= (BPS if p.entries[i].kind == PERCENT else VALUE_MAX)
        ):
            return b"an entry"
    return NULL


cdef inline bint rises(const i64* lines, i64 n, i64 count) noexcept nogil:
    cdef i64 i
    cdef bint falls = False
    if n == 0:
        return True
    for i in range(1, n):
        falls |= lines[i] <= lines[i - 1]
    return not falls and lines[0] >= 0 and lines[n - 1] < count


cdef inline bint left_of_limit(i64 left) noexcept nogil:
    return left == NO_LIMIT or limit(left)


cdef inline const char* flaw_of_steps(const Problem* p) noexcept nogil:
    cdef i64 i, k, group = 0, line = 0, list = 0, begin = 0
    cdef const StepRow* step
    cdef const char* found
    for i in range(p.step_count):
        step = p.steps + i
        if not group <= step.group < p.group_count:
            return b"group of a step falls or is none"
        group = step.group
        # In preorder a group's first child follows it.
        if group + 1 < p.group_count and p.groups[group + 1].parent == group:
            return b"a step in a group with child groups"
        if not 0 <= step.program < p.head_count:
            return b"program of a step"
        if not (
            bit(step.credential) and bit(step.exclusive) and bit(step.stop_matched)
            and bit(step.cut) and step.exclusion >= 0 and STOP_NONE <= step.stop <= STOP_ALL
            and left_of_limit(step.amount_left) and left_of_limit(step.units_left)
            and left_of_limit(step.uses_left)
        ):
            return b"a step"
        if not rises(p.lines + line, step.lines, p.cart_count):
            return b"lines do not rise or name no line"
        line += step.lines
        for k in range(list, list + step.lists):
            if not rises(p.list_lines + begin, p.list_ends[k] - begin, p.cart_count):
                return b"lines of a list do not rise or name no line"
            begin = p.list_ends[k]
        list += step.lists
        found = flaw_of_use(p, step)
        if found != NULL:
            return found
    return NULL


cdef inline const char* flaw_of_use(const Problem* p, const StepRow* step) noexcept nogil:
    """What breaks the bounds of a step's program. One that was found sound is not read again."""
    cdef Needs* needs
    cdef const char* found
    if p.needs == NULL:
        return flaw_of_program(p, step)
    needs = p.needs + step.program
    if needs.known and needs.lists <= step.lists and needs.facts <= step.facts and (
        needs.entries <= step.entries
    ):
        return NULL
    found = flaw_of_program(p, step)
    if found == NULL:
        needs[0] = needs_of(p, p.heads + step.program)
    return found
