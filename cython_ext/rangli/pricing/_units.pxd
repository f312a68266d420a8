# cython: language_level=3, cdivision=True
"""Lines as runs of units: states of the cart, splitting, taking off, and which units come first."""

from libc.stdlib cimport qsort
from libc.string cimport memcpy, memset

from rangli.pricing._money cimport apportion, i64, scaled, u128
from rangli.pricing._rows cimport CHEAPEST, DEAREST, LAST, REWARD, TakeRow
from rangli.pricing._work cimport Rows, Run, State, Work, grown, kept, scratch


cdef struct Place:
    # A run as a source of units. run: its number, -1 while the line is one run.
    i64 left, units, line, first, run


cdef inline void make_state(Work* w, State* state) noexcept nogil:
    """A state with room for all lines, which says nothing yet."""
    cdef size_t n = <size_t>w.lines
    state.left = <i64*>kept(w, 3 * n * sizeof(i64))
    state.start = state.left + n
    state.head = state.left + 2 * n
    state.runs = NULL
    state.run_count = 0
    state.run_room = 0
    state.plain = 1


cdef inline void reserve_runs(Work* w, State* state, i64 count) noexcept nogil:
    """Room for `count` more runs."""
    cdef Run* runs
    cdef i64 room = state.run_room
    if state.run_count + count <= room:
        return
    room = 2 * (state.run_count + count) + 16
    runs = <Run*>kept(w, <size_t>room * sizeof(Run))
    if state.run_count > 0:
        memcpy(runs, state.runs, <size_t>state.run_count * sizeof(Run))
    state.runs = runs
    state.run_room = room


cdef inline void copy_state(Work* w, State* target, const State* source) noexcept nogil:
    cdef size_t n = <size_t>w.lines
    memcpy(target.left, source.left, (2 if source.plain else 3) * n * sizeof(i64))
    target.plain = source.plain
    target.run_count = 0
    if not source.plain:
        reserve_runs(w, target, source.run_count)
        if source.run_count > 0:
            memcpy(target.runs, source.runs, <size_t>source.run_count * sizeof(Run))
        target.run_count = source.run_count


cdef inline void leave_plain(Work* w, State* state) noexcept nogil:
    """From here on heads count."""
    if state.plain:
        memset(state.head, 0xFF, <size_t>w.lines * sizeof(i64))
        state.run_count = 0
        state.plain = 0


cdef inline i64 head_of(const State* state, i64 line) noexcept nogil:
    return -1 if state.plain else state.head[line]


cdef inline i64 first_run(Work* w, State* state, i64 line) noexcept nogil:
    """The number of the line's first run, which is made if the line was whole."""
    cdef Run* run
    leave_plain(w, state)
    if state.head[line] < 0:
        reserve_runs(w, state, 1)
        run = state.runs + state.run_count
        run.line = line
        run.first = 0
        run.units = w.p.cart[line].quantity
        run.left = state.left[line]
        run.start = state.start[line]
        run.list = w.list_minor[line]
        run.original = w.original[line]
        run.used = 0
        run.taken = 0
        run.taker = -1
        run.in_set = 0
        run.next = -1
        state.head[line] = state.run_count
        state.run_count += 1
    return state.head[line]


cdef inline i64 split(Work* w, State* state, i64 number, i64 units) noexcept nogil:
    """Cut a run after its first `units`, fewer than it has; the number of the run of the rest."""
    cdef Run* run
    cdef Run* rest
    reserve_runs(w, state, 1)
    run = state.runs + number
    rest = state.runs + state.run_count
    rest[0] = run[0]
    rest.first = run.first + units
    rest.units = run.units - units
    run.left = scaled(run.left, units, run.units)
    run.start = scaled(run.start, units, run.units)
    run.list = scaled(run.list, units, run.units)
    run.original = scaled(run.original, units, run.units)
    run.units = units
    rest.left -= run.left
    rest.start -= run.start
    rest.list -= run.list
    rest.original -= run.original
    run.next = state.run_count
    state.run_count += 1
    return run.next


cdef inline void begin_group(Work* w, State* state, bint resets) noexcept nogil:
    """What is left now is what the group begins with."""
    cdef i64 i
    memcpy(state.start, state.left, <size_t>w.lines * sizeof(i64))
    if state.plain:
        return
    for i in range(state.run_count):
        state.runs[i].start = state.runs[i].left
        state.runs[i].taken = 0
        state.runs[i].taker = -1
        if resets:
            state.runs[i].used = 0


# --- what is taken ----------------------------------------------------------------------------


cdef inline TakeRow* new_takes(Work* w, i64 count) noexcept nogil:
    """So many more."""
    cdef Rows* takes = &w.space.takes
    cdef TakeRow* row = <TakeRow*>grown(&w.unwind, takes, <size_t>count * sizeof(TakeRow))
    takes.size += <size_t>count * sizeof(TakeRow)
    return row


cdef inline void tell(
    Work* w, TakeRow* row, i64 application, i64 line, i64 first, i64 units, i64 off
) noexcept nogil:
    """Note that the step being judged takes `off` (above 0) off some units."""
    row.step = w.j.step
    row.effect = w.j.effect
    row.application = application
    row.line = line
    row.unit_first = first
    row.units = units
    row.off_minor = off


cdef inline void take_from_run(
    Work* w, State* state, i64 application, i64 line, i64 number, i64 off
) noexcept nogil:
    """Take `off`, above 0, off a run (number -1: off a line that is one run)."""
    if number < 0:
        if not w.j.marks and w.unit_winners == 0:
            state.left[line] -= off
            tell(w, new_takes(w, 1), application, line, 0, w.p.cart[line].quantity, off)
            return
        number = first_run(w, state, line)
    state.left[line] -= off
    take_units(w, state.runs + number, new_takes(w, 1), application, off)


cdef inline void take_units(
    Work* w, Run* run, TakeRow* row, i64 application, i64 off
) noexcept nogil:
    """Take it off the run and note it in the row; the line's sum is others' business."""
    run.left -= off
    if run.taker != w.j.step:
        run.taken += 1
        run.taker = w.j.step
    if w.j.marks:
        run.used |= REWARD
    tell(w, row, application, run.line, run.first, run.units, off)


cdef inline void take_from_two(
    Work* w, State* state, i64 line, i64 number, i64 off
) noexcept nogil:
    """Off a line of two runs: one division tells both shares and which is rounded up."""
    cdef Run* run = state.runs + number
    cdef i64 whole = state.left[line], weight = run.left, share, rest
    cdef u128 product
    cdef TakeRow* row
    if off < 1_000_000_000 and weight < 1_000_000_000:
        share = off * weight // whole
        rest = off * weight - share * whole
    else:
        product = <u128>off * <u128>weight
        share = <i64>(product // <u128>whole)
        rest = <i64>(product - <u128>share * <u128>whole)
    # The other's error is what this one's lacks to a whole.
    share += 2 * rest >= whole and rest > 0
    state.left[line] -= off
    row = new_takes(w, 1 + (0 < share < off))
    if share > 0:
        take_units(w, run, row, 0, share)
        row += 1
    if share < off:
        take_units(w, state.runs + run.next, row, 0, off - share)


cdef inline void take_from_line(Work* w, State* state, i64 line, i64 off) noexcept nogil:
    """Take `off`, above 0, off a line; of several runs each bears its share of what is left."""
    cdef i64 number = head_of(state, line), n = 0, i, left = state.left[line]
    cdef i64* room
    cdef i64* numbers
    if number < 0 or state.runs[number].next < 0:
        take_from_run(w, state, 0, line, number, off)
        return
    if state.runs[state.runs[number].next].next < 0:
        take_from_two(w, state, line, number, off)
        return
    room = <i64*>scratch(w, 5 * <size_t>state.run_count * sizeof(i64))
    numbers = room + 4 * state.run_count
    while number >= 0:
        room[n] = state.runs[number].left
        numbers[n] = number
        n += 1
        number = state.runs[number].next
    apportion(off, left, room, n, room + n, room + 2 * n, room + 3 * n)
    for i in range(n):
        if room[n + i] > 0:
            take_from_run(w, state, 0, line, numbers[i], room[n + i])


# --- which units come first -------------------------------------------------------------------


cdef inline int by_place(const void* one, const void* other) noexcept nogil:
    cdef const Place* a = <const Place*>one
    cdef const Place* b = <const Place*>other
    if a.line != b.line:
        return -1 if a.line < b.line else 1
    return -1 if a.first < b.first else 1


cdef inline int from_the_end(const void* one, const void* other) noexcept nogil:
    return -by_place(one, other)


cdef inline int dearer(const void* one, const void* other) noexcept nogil:
    """By what is left on one unit, falling, then by place. A product is at most 10^18."""
    cdef const Place* a = <const Place*>one
    cdef const Place* b = <const Place*>other
    cdef i64 mine = a.left * b.units, theirs = b.left * a.units
    if mine != theirs:
        return -1 if mine > theirs else 1
    return by_place(one, other)


cdef inline int cheaper(const void* one, const void* other) noexcept nogil:
    cdef const Place* a = <const Place*>one
    cdef const Place* b = <const Place*>other
    cdef i64 mine = a.left * b.units, theirs = b.left * a.units
    if mine != theirs:
        return -1 if mine < theirs else 1
    return by_place(one, other)


cdef inline int compare_places(const Place* a, const Place* b, i64 pick) noexcept nogil:
    if pick == DEAREST:
        return dearer(a, b)
    if pick == CHEAPEST:
        return cheaper(a, b)
    return from_the_end(a, b) if pick == LAST else by_place(a, b)


cdef inline void sort_few(Place* places, i64 n, i64 pick) noexcept nogil:
    """By insertion, which is quick for few places, or if they are nearly in order."""
    cdef i64 i, k
    cdef Place moved
    for i in range(1, n):
        if compare_places(places + i - 1, places + i, pick) < 0:
            continue
        moved = places[i]
        k = i
        while k > 0 and compare_places(&moved, places + k - 1, pick) < 0:
            places[k] = places[k - 1]
            k -= 1
        places[k] = moved


cdef inline void sort_places(Place* places, i64 n, i64 pick) noexcept nogil:
    """Bring places into the order in which units are picked."""
    if n <= 24:
        sort_few(places, n, pick)
    elif pick == DEAREST:
        qsort(places, <size_t>n, sizeof(Place), dearer)
    elif pick == CHEAPEST:
        qsort(places, <size_t>n, sizeof(Place), cheaper)
    elif pick == LAST:
        qsort(places, <size_t>n, sizeof(Place), from_the_end)


cdef inline Place* room_for_places(Work* w, const State* state, i64 lines) noexcept nogil:
    """Room for all runs of so many lines."""
    cdef i64 n = lines if state.plain else lines + state.run_count
    return <Place*>scratch(w, <size_t>n * sizeof(Place))


cdef inline i64 find_places(
    Work* w, const State* state, const i64* lines, i64 n, i64 skip_used, Place* places
) noexcept nogil:
    """The runs of the lines that have something left and were not used as skip_used says.

    In a group of scope UNIT, only those that not enough steps have taken something off yet.
    """
    cdef i64 i, line, number, count = 0
    cdef const Run* run
    for i in range(n):
        line = lines[i]
        number = head_of(state, line)
        if state.left[line] == 0:
            continue
        if number < 0:
            places[count] = Place(
                state.left[line], w.p.cart[line].quantity, line, 0, -1
            )
            count += 1
        while number >= 0:
            run = state.runs + number
            if run.left > 0 and not run.used & skip_used and (
                w.unit_winners == 0 or run.taken < w.unit_winners or run.taker == w.j.step
            ):
                places[count] = Place(run.left, run.units, line, run.first, number)
                count += 1
            number = run.next
    return count
