# cython: language_level=3, cdivision=True
"""Groups whose winners differ by line. `rangli/pricing/stacking/lines.py` says the same."""

from libc.string cimport memset

from rangli.pricing._conditions cimport Lines, acting_lines
from rangli.pricing._judge cimport drop, judge, judge_again
from rangli.pricing._money cimport i64, larger
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, EXCLUDED, MODE_BEST, MODE_FIRST, MODE_SMALLEST, NOT_CHOSEN, Effect, Group,
    Head, ResultRow, TakeRow,
)
from rangli.pricing._state cimport Snapshot, group_shot, lose, restore, save, settle
from rangli.pricing._work cimport Rows, Term, Work, stacked


cdef struct Bids:
    # What each of n steps of a group, from `first` on, takes of each line when alone.
    # rows: its result; times: how often it is given; leaves: how many are
    # told of it; takes: whether it takes anything, else it has no line to win.
    # minor: by step and line, -1 if the line is beyond its reach; given_up: it took nothing there.
    # won: which lines a step acts on. place: by line the step (from 0) that won first, -1 nobody.
    # acted: the lines a step took something off when it acted.
    i64 first, n, lines
    ResultRow* rows
    char* takes
    i64* minor
    char* given_up
    char* won
    char* acted
    i64* place
    i64* times
    i64* leaves
    Term** terms


cdef inline Bids make_bids(Work* w, i64 group) noexcept nogil:
    """Room for the bids of a group's steps, and the bids: what each takes at group start."""
    cdef Bids bids
    cdef i64 i, cells
    cdef size_t size = w.space.takes.size
    bids.first = w.step_first[group]
    bids.n = w.step_end[group] - bids.first
    bids.lines = w.lines
    cells = bids.n * bids.lines
    bids.rows = <ResultRow*>stacked(w, <size_t>bids.n * sizeof(ResultRow))
    bids.takes = <char*>stacked(w, <size_t>bids.n)
    bids.minor = <i64*>stacked(w, <size_t>cells * sizeof(i64))
    bids.given_up = <char*>stacked(w, 3 * <size_t>cells)
    bids.won = bids.given_up + cells
    bids.acted = bids.given_up + 2 * cells
    bids.place = <i64*>stacked(w, <size_t>bids.lines * sizeof(i64))
    bids.times = <i64*>stacked(w, <size_t>bids.n * sizeof(i64))
    bids.leaves = <i64*>stacked(w, <size_t>bids.n * sizeof(i64))
    bids.terms = <Term**>stacked(w, <size_t>bids.n * sizeof(Term*))
    memset(bids.minor, 0xFF, <size_t>cells * sizeof(i64))
    memset(bids.given_up, 0, <size_t>cells)
    for i in range(bids.n):
        bid(w, &bids, i)
    return bids


cdef inline void bid(Work* w, Bids* bids, i64 i) noexcept nogil:
    cdef i64 step = bids.first + i
    cdef const Head* head = w.p.heads + w.p.steps[step].program
    cdef i64* minor = bids.minor + i * bids.lines
    cdef const TakeRow* row
    bids.terms[i] = <Term*>stacked(w, <size_t>head.effect_count * sizeof(Term))
    memset(bids.terms[i], 0, <size_t>head.effect_count * sizeof(Term))
    w.terms = bids.terms[i]
    judge(w, &w.now, step)
    w.terms = NULL
    bids.rows[i] = w.results[step]
    bids.leaves[i] = w.leaf_count[step]
    bids.takes[i] = w.results[step].off_minor > 0
    if bids.rows[i].status != APPLIED:
        return
    bids.times[i] = w.j.times
    if bids.takes[i]:
        reach(w, minor)
        row = <const TakeRow*>(w.space.takes.data + w.j.take_first)
        while <const char*>row < w.space.takes.data + w.space.takes.size:
            minor[row.line] += row.off_minor
            row += 1
    drop(w, &w.now)


cdef inline void reach(Work* w, i64* minor) noexcept nogil:
    """Set 0 for all lines that the effects of the step judged last may act on."""
    cdef const Effect* e
    cdef i64 i, k
    for i in range(w.j.head.effect_count):
        e = w.p.effects + w.j.head.effect_first + i
        if e.part_count == 0:
            reach_lines(w, e.lines, minor)
        for k in range(e.part_count):
            reach_lines(w, w.p.components[e.part_first + k].lines, minor)


cdef inline void reach_lines(Work* w, i64 selector, i64* minor) noexcept nogil:
    cdef Lines lines = acting_lines(w, selector, w.listed)
    cdef i64 i
    for i in range(lines.count):
        minor[lines.at[i]] = 0


cdef inline bint ranks_before(i64 mode, i64 one, i64 other) noexcept nogil:
    """Whether a bid comes before one of an earlier step. Bids of 0 come last."""
    if one == 0 or other == 0:
        return one > 0 and other == 0
    if mode == MODE_FIRST:
        return False
    return one < other if mode == MODE_SMALLEST else one > other


cdef inline void award(Bids* bids, i64 line, i64 mode, i64 most) noexcept nogil:
    """Let the first `most` bidders win the line."""
    cdef i64 k, i, best, cell, best_minor
    bids.place[line] = -1
    for k in range(most):
        best = -1
        best_minor = -1
        cell = line
        for i in range(bids.n):
            if bids.minor[cell] >= 0 and not bids.given_up[cell] and not bids.won[cell]:
                if best < 0 or ranks_before(mode, bids.minor[cell], best_minor):
                    best = i
                    best_minor = bids.minor[cell]
            cell += bids.lines
        if best < 0:
            return
        bids.won[best * bids.lines + line] = 1
        if k == 0:
            bids.place[line] = best


cdef inline void compete_by_line(Work* w, i64 group) noexcept nogil:
    """Per line the first `most` bidders win; each then acts, in acting order, on what it won.

    If a step takes nothing on a line that it bid on and won, whoever has bid there besides gets its
    place, and all act anew, until that happens no more.
    """
    cdef const Group* row = w.p.groups + group
    cdef i64 most = 1 if row.mode == MODE_BEST else larger(1, row.most), line
    cdef Bids bids = make_bids(w, group)
    cdef Snapshot* shot = group_shot(w, group)
    if most > bids.n:
        most = bids.n
    save(w, shot)
    while True:
        memset(bids.won, 0, 2 * <size_t>(bids.n * bids.lines))
        for line in range(bids.lines):
            award(&bids, line, row.mode, most)
        act_on_won(w, &bids, False)
        if not give_up_idle(&bids):
            return
        restore(w, shot)


cdef inline bint give_up_idle(Bids* bids) noexcept nogil:
    """Give up places where a step took nothing although it bid, if others have bid there."""
    cdef i64 line, i, cell, rivals, idle
    cdef bint found = False
    for line in range(bids.lines):
        rivals = 0
        idle = 0
        for i in range(bids.n):
            cell = i * bids.lines + line
            if bids.minor[cell] <= 0 or bids.given_up[cell]:
                continue
            rivals += 0 if bids.won[cell] else 1
            idle += 1 if bids.won[cell] and not bids.acted[cell] else 0
        if rivals == 0 or idle == 0:
            continue
        found = True
        for i in range(bids.n):
            cell = i * bids.lines + line
            if bids.minor[cell] > 0 and bids.won[cell] and not bids.acted[cell]:
                bids.given_up[cell] = 1
    return found


cdef inline void act_on_won(Work* w, Bids* bids, bint best) noexcept nogil:
    """Let each bidder act on the lines it won; others that give anything act as judged anew.

    best: the search has chosen, and a step may be NOT_CHOSEN.
    """
    cdef i64 i
    for i in range(bids.n):
        if bids.takes[i]:
            act_as_bidder(w, bids, i, best)
        else:
            act_unrivalled(w, bids.first + i, bids.rows + i)


cdef inline void act_unrivalled(Work* w, i64 step, const ResultRow* bid) noexcept nogil:
    """A step that takes nothing has no line to win: if it gives anything else, it may."""
    if bid.status == APPLIED:
        judge(w, &w.now, step)
        settle(w, step)
    else:
        w.results[step] = bid[0]


cdef inline void act_as_bidder(Work* w, Bids* bids, i64 i, bint best) noexcept nogil:
    cdef i64 step = bids.first + i, line
    cdef char* won = bids.won + i * bids.lines
    cdef const TakeRow* row
    cdef bint any_won = False
    for line in range(bids.lines):
        any_won |= won[line]
    w.results[step] = bids.rows[i]
    w.leaf_count[step] = bids.leaves[i]
    if any_won:
        w.won = won
        w.terms = bids.terms[i]
        w.again = True
        judge_again(w, &w.now, step, bids.rows + i, bids.times[i])
        w.won = NULL
        w.terms = NULL
        w.again = False
        if w.results[step].off_minor > 0 or w.results[step].status == EXCLUDED:
            row = <const TakeRow*>(w.space.takes.data + w.j.take_first)
            while <const char*>row < w.space.takes.data + w.space.takes.size:
                bids.acted[i * bids.lines + row.line] = 1
                row += 1
            settle(w, step)
            return
    if lost(w, bids, i, best):
        return
    settle(w, step)


cdef inline bint lost(Work* w, Bids* bids, i64 i, bint best) noexcept nogil:
    """Whether the step lost any line; then it is beaten, or was not chosen, on the first of these.

    Lost is a line of its reach that others won, or that it bid on and the search gave nobody.
    """
    cdef i64 line, cell, missed = 0, first = -1, place, step = bids.first + i
    for line in range(bids.lines):
        cell = i * bids.lines + line
        place = bids.place[line]
        if bids.minor[cell] < 0 or bids.won[cell]:
            continue
        if place < 0 and not (best and bids.minor[cell] > 0):
            continue
        if first < 0:
            first = line
        if place >= 0:
            missed += bids.minor[place * bids.lines + line] - bids.minor[cell]
    if first < 0:
        return False
    if w.results[step].status == APPLIED and w.results[step].off_minor == 0:
        drop(w, &w.now)  # it has acted on what it won, and takes nothing there
    w.results[step].base_minor = bids.rows[i].base_minor
    place = bids.place[first]
    if place < 0:
        lose(w, step, NOT_CHOSEN, -1, 0)
    elif best and bids.minor[i * bids.lines + first] > bids.minor[place * bids.lines + first]:
        lose(w, step, NOT_CHOSEN, bids.first + place, 0)
    else:
        lose(w, step, BEATEN, bids.first + place, missed)
    return True
