# cython: language_level=3, cdivision=True
"""Sets of units: buy some, get some; so many for a price; bundles.

`rangli/pricing/stacking/patterns.py` says how sets are formed, and when many at once.
"""

from libc.stdlib cimport qsort
from libc.string cimport memmove, memset

from rangli.pricing._conditions cimport Lines, acting_lines
from rangli.pricing._effects cimport (
    Allowance, Doing, allowance, base_of_run, note, off_units, spend, value_on,
)
from rangli.pricing._money cimport (
    BPS, DOWN, i64, in_cart_prices, larger, percent_off, scaled, smaller, u128,
)
from rangli.pricing._picked cimport miss
from rangli.pricing._pools cimport share_out
from rangli.pricing._rows cimport (
    LAST, OFF, PRICE, QUANTITY, REWARD, TO_LARGEST_ERROR, TRIGGER, UNIT, Component, Effect,
)
from rangli.pricing._units cimport (
    Place, compare_places, first_run, sort_places, split, take_from_run,
)
from rangli.pricing._work cimport ENDLESS, Run, State, Work, fit_sharing, grown, scratch


cdef struct Part:
    # Units of a run that a component would take for one set.
    i64 run, units, reward, pick


cdef struct Piece:
    # The same once split off: a run of its own.
    i64 line, first, run, reward


cdef struct Free:
    # The runs that a component may take units from, in its pick order.
    Place* places
    i64 count


cdef struct Draft:
    # One set, as the components would form it (its parts stand in the workspace); at_once: how many
    # such sets there could be. last: it is smaller than it should be, so there is none after it.
    i64 count, at_once, last, rewarded


cdef inline Part* parts_of(Work* w) noexcept nogil:
    return <Part*>w.space.parts.data


cdef inline void form_sets(Work* w, State* state, const Doing* d) noexcept nogil:
    """Form as many sets as there are, at most `repeat_max` and what the step's uses allow."""
    cdef const Effect* e = d.effect
    cdef i64 formed = 0, i, units, sets, made, most, uses
    cdef i64 given = 0
    cdef bint cut = w.j.row.cut, fits, refuse
    cdef Draft draft
    for i in range(0 if state.plain else state.run_count):
        state.runs[i].in_set = 0
    find_free(w, state, e)
    while not w.j.refused and not (e.repeat_max > 0 and formed == e.repeat_max):
        if not drafted(w, state, e, &draft, formed == 0):
            break
        most = e.repeat_max - formed if e.repeat_max > 0 else ENDLESS
        uses = w.j.uses_left - formed
        units = d.unit_limit - given
        if not limited(w, &draft, e, units):
            break
        # What the step's own limits forbid is tried nevertheless if they may not cut.
        fits = uses > 0 and draft.rewarded <= w.j.units_left
        if not fits and cut and (uses <= 0 or not limited(w, &draft, e, w.j.units_left)):
            break
        sets = smaller(draft.at_once, smaller(most, units // draft.rewarded))
        refuse = not fits and not cut
        if fits:
            sets = smaller(sets, smaller(uses, w.j.units_left // draft.rewarded))
        made = form(w, state, d, &draft, sets, formed, refuse, &given)
        formed += made
        if made == 0 or draft.last:
            break
        refresh_free(w, state, e)
    if w.j.sets == 0:
        w.j.sets = formed


cdef inline bint drafted(
    Work* w, State* state, const Effect* e, Draft* draft, bint first
) noexcept nogil:
    """Draft the next set. False if there is none; what is missing is told if it is the first."""
    cdef const Component* component
    cdef i64 i, k, need, found, units
    cdef i64 missed_need = 0, missed_found = 0, at_once
    cdef bint single = True
    cdef Place* places
    cdef Run* run
    cdef Part* part
    w.space.parts.size = 0
    draft.count = 0
    draft.rewarded = 0
    draft.last = 0
    for i in range(e.part_count):
        component = w.p.components + e.part_first + i
        need = component.count
        found = 0
        places = (<Free*>w.free + i).places
        for k in range((<Free*>w.free + i).count):
            run = state.runs + places[k].run
            units = smaller(need - found, run.units - run.reserved)
            if units > 0:
                part = <Part*>grown(&w.unwind, &w.space.parts, sizeof(Part))
                w.space.parts.size += sizeof(Part)
                part.run = places[k].run
                part.units = units
                part.reward = component.role == REWARD
                part.pick = component.pick
                draft.count += 1
                draft.rewarded += units if part.reward else 0
                single = single and units == need
                run.reserved += units
                found += units
            if found == need:
                break
        if found < need:
            if component.role == TRIGGER or not e.partial:
                if first:
                    miss(w, QUANTITY, need, found)
                return False
            if missed_need == 0:
                missed_need = need
                missed_found = found
    if missed_need > 0 and draft.rewarded == 0:
        if first:
            miss(w, QUANTITY, missed_need, missed_found)
        return False
    draft.at_once = 1
    draft.last = missed_need > 0
    if missed_need > 0 or not single:
        return True
    at_once = ENDLESS
    part = parts_of(w)
    for i in range(draft.count):
        run = state.runs + part[i].run
        at_once = smaller(at_once, run.units // run.reserved)
    draft.at_once = at_once
    return True


cdef inline bint is_free(const Run* run, const Effect* e, bint reward) noexcept nogil:
    """Whether a component may take units of the run."""
    cdef i64 skip = e.skip_reward if reward else e.skip_trigger
    return not run.in_set and not run.used & skip and (run.left > 0 or not reward)


cdef inline void find_free(Work* w, State* state, const Effect* e) noexcept nogil:
    """The runs that each component may take units from, in its pick order."""
    cdef const Component* component
    cdef i64 i, k, number
    cdef Lines lines
    cdef Free* free
    w.free = <char*>scratch(w, <size_t>e.part_count * sizeof(Free))
    for i in range(e.part_count):
        component = w.p.components + e.part_first + i
        lines = acting_lines(w, component.lines, w.listed)
        free = <Free*>w.free + i
        free.count = 0
        for k in range(lines.count):
            number = first_run(w, state, lines.at[k])
            while number >= 0:
                free.count += 1
                number = state.runs[number].next
        free.places = <Place*>scratch(w, <size_t>free.count * sizeof(Place))
        free.count = 0
        for k in range(lines.count):
            number = state.head[lines.at[k]]
            while number >= 0:
                if is_free(state.runs + number, e, component.role == REWARD):
                    set_place(state, free.places + free.count, number)
                    state.runs[number].reserved = 0
                    free.count += 1
                number = state.runs[number].next
        sort_places(free.places, free.count, component.pick)


cdef inline void set_place(const State* state, Place* place, i64 number) noexcept nogil:
    cdef const Run* run = state.runs + number
    place[0] = Place(run.left, run.units, run.line, run.first, number)


cdef inline void refresh_free(Work* w, State* state, const Effect* e) noexcept nogil:
    """After a set: what is left of its runs takes their place. All others stay in order."""
    cdef const Part* part = parts_of(w)
    cdef i64 n = <i64>(w.space.parts.size // sizeof(Part)), i, k
    cdef Free* free
    for i in range(e.part_count):
        free = <Free*>w.free + i
        for k in range(n):
            refresh_place(
                state, e, w.p.components + e.part_first + i, free, part[k].run
            )


cdef inline void refresh_place(
    const State* state, const Effect* e, const Component* component, Free* free, i64 number
) noexcept nogil:
    """Put what is left of a run that the set took units from where it belongs, if anything is."""
    cdef i64 k = 0
    cdef Place place
    cdef const Run* run = state.runs + number
    # Mostly it is the first: sets take units in this order.
    while k < free.count and free.places[k].run != number:
        k += 1
    if k == free.count:
        return
    if run.in_set:
        number = run.rest
        run = state.runs + number
    if not is_free(run, e, component.role == REWARD):
        free.count -= 1
        if k == 0:
            free.places += 1
        else:
            memmove(
                free.places + k, free.places + k + 1, <size_t>(free.count - k) * sizeof(Place)
            )
        return
    set_place(state, &place, number)
    while k > 0 and compare_places(&place, free.places + k - 1, component.pick) < 0:
        free.places[k] = free.places[k - 1]
        k -= 1
    while k + 1 < free.count and compare_places(&place, free.places + k + 1, component.pick) > 0:
        free.places[k] = free.places[k + 1]
        k += 1
    free.places[k] = place


cdef inline bint limited(Work* w, Draft* draft, const Effect* e, i64 units) noexcept nogil:
    """Cut the set down to so many rewarded units, if it may be partial; False if it can't be."""
    cdef Part* part = parts_of(w)
    cdef i64 i, n = 0
    if draft.rewarded <= units:
        return True
    if not e.partial or units <= 0:
        return False
    draft.rewarded = 0
    for i in range(draft.count):
        if part[i].reward:
            part[i].units = smaller(part[i].units, units)
            units -= part[i].units
            draft.rewarded += part[i].units
        if part[i].units > 0:
            part[n] = part[i]
            n += 1
    draft.count = n
    draft.at_once = 1
    draft.last = 1
    return True


# --- forming ----------------------------------------------------------------------------------


cdef inline i64 form(
    Work* w, State* state, const Doing* d, const Draft* draft, i64 sets, i64 formed, bint refuse,
    i64* given,
) noexcept nogil:
    """Form so many equal sets, fewer if limits keep anything back; 0 if nothing would be taken.

    refuse: the step's limits do not allow another set: if it would take anything, none is given.
    """
    cdef i64 total, capacity, lost
    cdef i64 booked
    cdef bint first = True
    cdef Allowance found
    cdef bint each = d.effect.place == UNIT and not d.effect.spread
    save_runs(w, state, draft)
    while True:
        cut_pieces(w, state, draft, sets)
        fit_sharing(w, draft.count)
        booked = find_booked(w, draft.count, d.effect.spread)
        total = want(w, state, d, draft.count, sets, each)
        if refuse and total > 0:
            w.j.refused = 1
        if total == 0 or w.j.refused:
            break
        capacity = find_rooms(w, state, booked, each)
        found = allowance(w, total, capacity)
        capacity = smaller(total, capacity)
        if first and sets > 1 and found.minor < capacity and not found.refused:
            first = False
            sets = larger(1, scaled(sets, found.minor, capacity))
            bring_back_runs(w, state, draft)
            continue
        note(w, &found)
        if w.j.refused or found.minor == 0:
            break
        if each:
            in_turn(w, booked, found.minor)
            lost = 0
        else:
            lost = spread_out(w, booked, found.minor)
            w.j.clamped += lost
        if lost == found.minor:
            break
        take_pieces(w, state, booked, formed)
        spend(w, found.minor - lost)
        mark_pieces(w, state, draft.count, d.effect.mark)
        given[0] += draft.rewarded * sets
        w.j.units_left -= draft.rewarded * sets
        return sets
    bring_back_runs(w, state, draft)
    return 0


cdef inline void save_runs(Work* w, const State* state, const Draft* draft) noexcept nogil:
    """Keep the runs that the set's units are split off from, to undo that."""
    cdef const Part* part = parts_of(w)
    cdef Run* saved
    cdef i64 i
    w.space.saved.size = 0
    saved = <Run*>grown(&w.unwind, &w.space.saved, <size_t>draft.count * sizeof(Run))
    for i in range(draft.count):
        saved[i] = state.runs[part[i].run]
    w.saved_count = state.run_count


cdef inline void bring_back_runs(Work* w, State* state, const Draft* draft) noexcept nogil:
    """Undo splitting: what was split off stands behind the runs that there were."""
    cdef const Part* part = parts_of(w)
    cdef const Run* saved = <const Run*>w.space.saved.data
    cdef i64 i
    for i in range(draft.count):
        state.runs[part[i].run] = saved[i]
    state.run_count = w.saved_count


cdef inline int piece_by_place(const void* one, const void* other) noexcept nogil:
    cdef const Piece* a = <const Piece*>one
    cdef const Piece* b = <const Piece*>other
    if a.line != b.line:
        return -1 if a.line < b.line else 1
    return -1 if a.first < b.first else 1


cdef inline void cut_pieces(Work* w, State* state, const Draft* draft, i64 sets) noexcept nogil:
    """Split the units of so many sets off; the pieces stand by line and unit."""
    cdef Part* part = parts_of(w)
    cdef Piece* piece
    cdef i64 i, run, units, rest
    w.space.pieces.size = 0
    piece = <Piece*>grown(&w.unwind, &w.space.pieces, <size_t>draft.count * sizeof(Piece))
    for i in range(draft.count):
        state.runs[part[i].run].rest = part[i].run
        state.runs[part[i].run].reserved = 0
    for i in range(draft.count):
        run = state.runs[part[i].run].rest
        units = part[i].units * sets
        if units < state.runs[run].units:
            if part[i].pick == LAST:
                rest = run
                run = split(w, state, run, state.runs[run].units - units)
            else:
                rest = split(w, state, run, units)
            state.runs[part[i].run].rest = rest
        piece[i].run = run
        piece[i].first = state.runs[run].first
        piece[i].line = state.runs[run].line
        piece[i].reward = part[i].reward
    sort_pieces(piece, draft.count)


cdef inline void sort_pieces(Piece* piece, i64 n) noexcept nogil:
    """By line and unit. Mostly they are few, for which qsort takes long."""
    cdef i64 i, k
    cdef Piece moved
    if n > 24:
        qsort(piece, <size_t>n, sizeof(Piece), piece_by_place)
        return
    for i in range(1, n):
        moved = piece[i]
        k = i
        while k > 0 and piece_by_place(&moved, piece + k - 1) < 0:
            piece[k] = piece[k - 1]
            k -= 1
        piece[k] = moved


cdef inline i64 find_booked(Work* w, i64 count, bint spread) noexcept nogil:
    """The pieces that take part in what the set takes become the sharers; how many."""
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef i64 i, n = 0
    for i in range(count):
        if piece[i].reward or spread:
            w.s.sharers[n] = i
            n += 1
    return n


cdef inline i64 want(
    Work* w, State* state, const Doing* d, i64 count, i64 sets, bint each
) noexcept nogil:
    """What is wanted off the rewarded pieces, in all; with `each` also by piece, into wants."""
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef i64 i, n = 0, total = 0, base = 0, left = 0
    cdef const Run* run
    for i in range(count):
        if not piece[i].reward:
            continue
        run = state.runs + piece[i].run
        if d.effect.place == UNIT:
            base = off_units(
                d, d.kind, value_on(w, d, run.line), d.per, base_of_run(w, run), run.units,
                run.left,
            )
            total += base
            if each:
                w.s.wants[n] = base
                n += 1
        else:
            base += base_of_run(w, run)
            left += run.left
    if d.effect.place == UNIT:
        return total
    return off_sets(d, value_of_sets(w, state, d, count), base, sets, left)


cdef inline i64 value_of_sets(
    Work* w, const State* state, const Doing* d, i64 count
) noexcept nogil:
    """The value for a set in the cart's prices, by its rewarded units; -1: it is not known."""
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef const Run* run
    cdef i64 i, list_minor = 0, other_minor = 0
    if not d.converts:
        return d.value
    for i in range(count):
        if not piece[i].reward:
            continue
        run = state.runs + piece[i].run
        if w.p.cart[run.line].other_minor < 0:
            return -1
        list_minor += run.units * w.p.cart[run.line].unit_minor
        other_minor += run.units * w.p.cart[run.line].other_minor
    return in_cart_prices(d.value, list_minor, other_minor, d.rounding)


cdef inline i64 off_sets(
    const Doing* d, i64 value, i64 base, i64 sets, i64 left
) noexcept nogil:
    """What is wanted off so many equal sets that cost base, each priced as a whole."""
    cdef i64 each = base // sets, more = base % sets
    cdef u128 product
    if value < 0:
        return 0
    if d.kind == OFF:
        product = <u128>value * <u128>sets
        return left if product > <u128>left else <i64>product
    if d.kind == PRICE:
        return smaller(
            left, more * larger(0, each + 1 - value) + (sets - more) * larger(0, each - value)
        )
    base = (sets - more) * percent_off(each, d.value, d.rounding, d.rounding_of)
    if more > 0:
        base += more * percent_off(each + 1, d.value, d.rounding, d.rounding_of)
    return smaller(left, base)


cdef inline i64 find_rooms(Work* w, State* state, i64 booked, bint each) noexcept nogil:
    """What floors allow to be taken off each sharer (runs of a line share that in turn), in all."""
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef i64 i, line = -1, left = 0, total = 0
    cdef const Run* run
    for i in range(booked):
        run = state.runs + piece[w.s.sharers[i]].run
        if run.line != line:
            line = run.line
            left = state.left[line] - w.p.cart[line].floor_minor
        w.s.rooms[i] = smaller(run.left, left)
        w.s.weights[i] = run.left
        left -= w.s.rooms[i]
        if each:
            w.s.rooms[i] = smaller(w.s.rooms[i], w.s.wants[i])
        total += w.s.rooms[i]
    return total


cdef inline void in_turn(Work* w, i64 booked, i64 minor) noexcept nogil:
    cdef i64 i
    for i in range(booked):
        w.s.parts[i] = smaller(w.s.rooms[i], minor)
        minor -= w.s.parts[i]


cdef inline i64 spread_out(Work* w, i64 booked, i64 minor) noexcept nogil:
    """Split an amount over the sharers by what is left on them; what is lost."""
    cdef Doing by_left
    memset(&by_left, 0, sizeof(Doing))
    by_left.share_rounding = DOWN
    by_left.leftover = TO_LARGEST_ERROR
    return share_out(w, &by_left, minor, booked)


cdef inline void take_pieces(Work* w, State* state, i64 booked, i64 formed) noexcept nogil:
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef i64 i
    for i in range(booked):
        if w.s.parts[i] > 0:
            take_from_run(
                w, state, formed, piece[w.s.sharers[i]].line, piece[w.s.sharers[i]].run,
                w.s.parts[i],
            )


cdef inline void mark_pieces(Work* w, State* state, i64 count, bint marks) noexcept nogil:
    cdef const Piece* piece = <const Piece*>w.space.pieces.data
    cdef i64 i
    for i in range(count):
        state.runs[piece[i].run].in_set = 1
        if marks:
            state.runs[piece[i].run].used |= REWARD if piece[i].reward else TRIGGER
