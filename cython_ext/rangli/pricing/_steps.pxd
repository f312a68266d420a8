# cython: language_level=3, cdivision=True
"""The kernel's rows of what was chosen: steps in acting order, their lines, lists and facts."""

from libc.stdlib cimport realloc
from libc.string cimport memcpy

from rangli.pricing._desk cimport Chosen, Desk, fit, lowest_bit
from rangli.pricing._hot cimport Act, Hot
from rangli.pricing._match cimport method_of, store_of
from rangli.pricing._money cimport i64
from rangli.pricing._names cimport compared, text_of
from rangli.pricing._products cimport lists_of, lists_of_delivery, runs_in
from rangli.pricing._protowire cimport u64
from rangli.pricing._rows cimport EntryRow, StepRow
from rangli.pricing._work cimport Problem

cdef enum:
    # More lines times activities than this are priced off the loop: not here.
    PAIRS_MAX = 20_000


cdef inline bint acts_before(
    const Desk* d, const Hot* hot, const Chosen* a, const Chosen* b
) noexcept nogil:
    cdef const Act* one = &hot.acts[a.act]
    cdef const Act* two = &hot.acts[b.act]
    if one.group != two.group:
        return one.group < two.group
    if one.lead != two.lead:
        return one.lead < two.lead
    if a.expires_us != b.expires_us:
        return a.expires_us < b.expires_us
    if a.act != b.act:
        return compared(one.activity_id, two.activity_id) < 0
    if a.credential < 0 or b.credential < 0:
        return False
    return compared(
        d.ask.credentials[a.credential].credential_id,
        d.ask.credentials[b.credential].credential_id,
    ) < 0


cdef inline int sort(Desk* d, const Hot* hot) except -1:
    """Into acting order. Few are chosen, and mostly in order, so insertion is quick."""
    cdef int i, j
    cdef Chosen* moved
    if d.chosen_count > d.step_room:
        grow_steps(d)
    for i in range(d.ask.credential_count):
        d.step_of_credential[i] = -1
    for i in range(d.chosen_count):
        moved = &d.chosen[i]
        j = i
        while j > 0 and acts_before(d, hot, moved, d.sorted[j - 1]):
            d.sorted[j] = d.sorted[j - 1]
            j -= 1
        d.sorted[j] = moved
    for i in range(d.chosen_count):
        if d.sorted[i].credential >= 0:
            d.step_of_credential[d.sorted[i].credential] = i
    return 0


cdef inline int grow_steps(Desk* d) except -1:
    cdef i64 room = 2 * d.chosen_count
    cdef Chosen** grown = <Chosen**>realloc(d.sorted, room * sizeof(Chosen*))
    cdef StepRow* steps
    if grown == NULL:
        raise MemoryError
    d.sorted = grown
    steps = <StepRow*>realloc(d.steps, room * sizeof(StepRow))
    if steps == NULL:
        raise MemoryError
    d.steps = steps
    d.step_room = room
    return 0


cdef inline bint lay_out(Desk* d, Hot* hot, object source) except -1:
    """The steps for the kernel. 0 if there are too many, or some say who may act beside them."""
    cdef int i, word
    cdef i64 lines = 0, entries = 0
    cdef i64* line
    cdef u64 bits
    cdef const Chosen* chosen
    cdef StepRow* step
    cdef Problem* p = &hot.problem
    for i in range(d.chosen_count):
        lines += d.sorted[i].line_count
        if hot.acts[d.sorted[i].act].beside:
            return 0
    if lines > PAIRS_MAX:
        return 0
    fit(&d.lines, lines)
    d.list_ends.count = d.list_lines.count = d.facts.count = 0
    line = d.lines.at
    for i in range(d.chosen_count):
        chosen = d.sorted[i]
        step = &d.steps[i]
        step[0] = hot.acts[chosen.act].step
        step.lines = chosen.line_count
        if chosen.first_entry >= 0:
            step.entries = 1
            memcpy(
                d.step_entries + entries,
                d.entries + chosen.first_entry,
                chosen.line_count * sizeof(EntryRow),
            )
            entries += chosen.line_count
        for word in range(d.words):
            bits = chosen.lines[word]
            while bits:
                line[0] = 64 * word + lowest_bit(bits)
                line += 1
                bits &= bits - 1
        if step.lists:
            list_lines(d, hot, source, chosen.act, step.lists)
        if step.facts:
            tell_facts(d, source, chosen.act)
    p.cart, p.cart_count = d.cart, d.ask.line_count + d.ask.delivery_count
    p.steps, p.step_count = d.steps, d.chosen_count
    p.lines, p.line_count = d.lines.at, lines
    p.entries, p.entry_count = d.step_entries, entries
    p.list_ends, p.list_count = d.list_ends.at, d.list_ends.count
    p.list_lines, p.list_line_count = d.list_lines.at, d.list_lines.count
    p.facts, p.fact_count = d.facts.at, d.facts.count
    return 1


cdef inline int list_lines(Desk* d, Hot* hot, object source, int act, i64 lists) except -1:
    """The rows of an activity's own lists."""
    cdef i64 each
    cdef int row, rows = d.ask.line_count + d.ask.delivery_count
    fit(&d.list_lines, d.list_lines.count + lists * rows)
    fit(&d.list_ends, d.list_ends.count + lists)
    for row in range(rows):
        d.lists_of_row[row] = 0
        if row >= d.ask.line_count:
            d.lists_of_row[row] = lists_of_delivery(hot, source, act, method_of(d, row))
        elif hot.acts[act].lists_products:
            d.lists_of_row[row] = lists_of(hot, source, act, d.product_of[row])
        if d.lists_of_row[row] and hot.acts[act].stores:
            if not runs_in(hot, source, act, store_of(d, hot, row)):
                d.lists_of_row[row] = 0
    for each in range(lists):
        for row in range(rows):
            if d.lists_of_row[row] >> each & 1:
                d.list_lines.at[d.list_lines.count] = row
                d.list_lines.count += 1
        d.list_ends.at[d.list_ends.count] = d.list_lines.count
        d.list_ends.count += 1
    return 0


cdef inline int tell_facts(Desk* d, object source, int act) except -1:
    """What an activity's conditions want to know of the request."""
    cdef int i
    cdef list found = source.truths(
        act,
        [text_of(d.ask.credentials[i].activity_id) for i in range(d.ask.credential_count)],
        [text_of(d.ask.deliveries[i].method) for i in range(d.ask.delivery_count)],
    )
    fit(&d.facts, d.facts.count + len(found))
    for truth in found:
        d.facts.at[d.facts.count] = truth
        d.facts.count += 1
    return 0
