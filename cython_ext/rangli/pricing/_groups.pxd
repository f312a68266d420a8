# cython: language_level=3, cdivision=True
"""Groups at work: who of a group's members acts, in which order, and who is beaten by whom.

`rangli/pricing/stacking/groups.py` says the same in plain words.
"""

from libc.string cimport memmove

from rangli.pricing._judge cimport clear_result, drop, judge, redo, undo
from rangli.pricing._lines cimport compete_by_line
from rangli.pricing._money cimport i64, larger
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, MODE_ALL, MODE_BEST, MODE_FIRST, MODE_SMALLEST, SCOPE_CART, SCOPE_LINE,
    SCOPE_UNIT, Group,
)
from rangli.pricing._state cimport (
    Snapshot, enforce_met, first_applied, group_shot, last_applied, lose, restore, save, settle,
)
from rangli.pricing._units cimport begin_group
from rangli.pricing._unit_scope cimport compete_by_unit
from rangli.pricing._work cimport (
    Frame, Mark, Move, Rows, Work, give_back, kept, mark, stacked,
)

cdef enum:
    # What a move does; the first two and the last two with a group.
    ENTER = 1
    LEAVE = 2
    STEP = 3
    COMPETE = 4
    BEST = 5


cdef inline bint is_one_move(const Group* group) noexcept nogil:
    """Whether members do not act one by one."""
    return group.mode != MODE_ALL and not (group.mode == MODE_FIRST and group.scope == SCOPE_CART)


cdef inline void add_move(Work* w, i64 do, i64 number) noexcept nogil:
    w.moves[w.move_count].do = do
    w.moves[w.move_count].number = number
    w.move_count += 1


cdef inline void add_moves(Work* w, i64 group) noexcept nogil:
    """Append what a group does."""
    cdef i64 i
    if is_one_move(w.p.groups + group):
        add_move(w, BEST if w.p.groups[group].mode == MODE_BEST else COMPETE, group)
        return
    add_move(w, ENTER, group)
    for i in range(w.step_first[group], w.step_end[group]):
        add_move(w, STEP, i)
    i = w.child[group]
    while i >= 0:
        add_moves(w, i)
        i = w.sibling[i]
    add_move(w, LEAVE, group)


cdef inline void make_moves(Work* w, i64 root) noexcept nogil:
    """What the tree does, then what each child group of a group that is one move does."""
    cdef i64 group, parent, size = w.p.step_count + 2 * w.p.group_count
    w.moves = <Move*>kept(w, <size_t>size * sizeof(Move))
    while root >= 0:
        add_moves(w, root)
        root = w.sibling[root]
    w.tree_moves = w.move_count
    for group in range(w.p.group_count):
        parent = w.p.groups[group].parent
        if parent >= 0 and is_one_move(w.p.groups + parent):
            w.moves_first[group] = w.move_count
            add_moves(w, group)
            w.moves_end[group] = w.move_count


# --- acting one by one ------------------------------------------------------------------------


cdef inline bint is_full(const Frame* frame) noexcept nogil:
    return frame.shut or 0 < frame.most <= frame.count


cdef inline Frame* top_frame(Work* w) noexcept nogil:
    return w.frames + w.frame_count - 1


cdef inline void push_frame(Work* w, i64 most, i64 last, bint shut) noexcept nogil:
    w.frame_count += 1
    top_frame(w)[0] = Frame(most, 0, last, shut)


cdef inline void carry_out(Work* w, const Move* move) noexcept nogil:
    """Carry out a move. In a group that is full, whoever comes is beaten by the last winner."""
    cdef i64 since = w.in_force_count
    if move.do == ENTER:
        enter(w, move.number)
    elif move.do == LEAVE:
        leave(w)
    elif is_full(top_frame(w)):
        beat_unheard(w, move)
    else:
        if move.do == STEP:
            judge(w, &w.now, move.number)
            settle(w, move.number)
        else:
            compete(w, move.number)
        count_member(w, since)


cdef inline void count_member(Work* w, i64 since) noexcept nogil:
    """Tell the group that is acting that a member has acted: whether any of its steps applied."""
    cdef i64 last = last_applied(w, since)
    if last >= 0:
        top_frame(w).count += 1
        top_frame(w).last = last


cdef inline void enter(Work* w, i64 group) noexcept nogil:
    cdef const Group* row = w.p.groups + group
    cdef i64 most = larger(1, row.most) if row.mode == MODE_FIRST else row.most
    if is_full(top_frame(w)):
        push_frame(w, most, top_frame(w).last, True)
        return
    begin_group(w, &w.now, row.resets)
    push_frame(w, most, -1, False)


cdef inline void leave(Work* w) noexcept nogil:
    cdef Frame inner = top_frame(w)[0]
    w.frame_count -= 1
    if inner.count > 0:
        top_frame(w).count += 1
        top_frame(w).last = inner.last


cdef inline void beat_unheard(Work* w, const Move* move) noexcept nogil:
    """Members that come too late are not even judged."""
    if move.do == STEP:
        beat_step_unheard(w, move.number)
    else:
        beat_group_unheard(w, move.number)


cdef inline void beat_step_unheard(Work* w, i64 step) noexcept nogil:
    clear_result(w, step)
    w.leaf_count[step] = 0
    w.results[step].status = BEATEN
    w.results[step].beaten_by = top_frame(w).last


cdef inline void beat_group_unheard(Work* w, i64 group) noexcept nogil:
    cdef i64 i
    for i in range(w.step_first[group], w.step_end[group]):
        beat_step_unheard(w, i)
    i = w.child[group]
    while i >= 0:
        beat_group_unheard(w, i)
        i = w.sibling[i]


cdef inline void perform_group(Work* w, i64 group) noexcept nogil:
    """Carry out a group by itself, as a member of a group that is one move."""
    cdef i64 i
    push_frame(w, 0, -1, False)
    for i in range(w.moves_first[group], w.moves_end[group]):
        carry_out(w, w.moves + i)
    w.frame_count -= 1


# --- competing --------------------------------------------------------------------------------


cdef struct Trial:
    # A member tried at group start: a step or a child group. first: its first step that applied.
    i64 member, worth, gives, first, chosen


cdef inline bint acts_at_once(Work* w, const Group* row, i64 group) noexcept nogil:
    """Whether a group's only member does the same judged once as by a bid and on what it won.

    With `first_only` an effect that gave nothing acts in the bid alone, and tells of clamps there.
    """
    cdef i64 program = w.p.steps[w.step_first[group]].program
    if row.scope == SCOPE_LINE:
        return not w.p.heads[program].first_only
    return row.scope != SCOPE_UNIT


cdef inline void compete(Work* w, i64 group) noexcept nogil:
    """Let the members of a group that is one move share the work."""
    cdef const Group* row = w.p.groups + group
    cdef i64 step
    cdef Mark here = mark(&w.space.stack)
    begin_group(w, &w.now, row.resets)
    if w.step_end[group] - w.step_first[group] == 1 and acts_at_once(w, row, group):
        # There is nobody to compete with.
        judge(w, &w.now, w.step_first[group])
        settle(w, w.step_first[group])
        return
    if row.scope == SCOPE_LINE:
        compete_by_line(w, group)
    elif row.scope == SCOPE_UNIT:
        compete_by_unit(w, group)
    elif row.mode == MODE_BEST and row.most == 0:
        for step in range(w.step_first[group], w.step_end[group]):
            judge(w, &w.now, step)
            settle(w, step)
    elif w.child[group] >= 0:
        compete_as_groups(w, group)
    else:
        compete_as_steps(w, group)
    enforce_met(w, w.step_first[group], w.step_end[group])
    give_back(&w.space.stack, here)


cdef inline i64 choose(Trial* trials, i64 n, const Group* row) noexcept nogil:
    """Mark the first `most` of those that give anything; the first of them, -1 if nobody is."""
    cdef i64 chosen, i, best, first = -1
    for chosen in range(larger(1, row.most)):
        best = -1
        for i in range(n):
            if not trials[i].gives or trials[i].chosen:
                continue
            if best < 0 or (
                trials[i].worth < trials[best].worth
                if row.mode == MODE_SMALLEST
                else trials[i].worth > trials[best].worth
            ):
                best = i
        if best < 0:
            break
        trials[best].chosen = 1
        if first < 0:
            first = best
    return first


cdef inline void move_to(Rows* rows, size_t to, size_t begin) noexcept nogil:
    """Move the last rows, which begin there, forward over others."""
    if to < begin and begin < rows.size:
        memmove(rows.data + to, rows.data + begin, rows.size - begin)
    if to < begin:
        rows.size -= begin - to


cdef inline void compete_as_steps(Work* w, i64 group) noexcept nogil:
    """All steps are judged at group start; the best `most` of those that give anything act.

    The takes of the best so far are kept, so that a single winner need not be judged again.
    """
    cdef i64 first = w.step_first[group], n = w.step_end[group] - first, i, best
    cdef bint replays = False
    cdef Trial* trials = <Trial*>stacked(w, <size_t>n * sizeof(Trial))
    cdef size_t takes = w.space.takes.size, grants = w.space.grants.size
    cdef bint kept_best = w.p.groups[group].mode != MODE_SMALLEST and w.p.groups[group].most <= 1
    best = -1
    for i in range(n):
        judge(w, &w.now, first + i)
        trials[i].worth = w.results[first + i].worth_minor
        trials[i].gives = w.results[first + i].status == APPLIED
        trials[i].chosen = 0
        if not trials[i].gives:
            continue
        if kept_best and (best < 0 or trials[i].worth > trials[best].worth):
            undo(w, &w.now)
            move_to(&w.space.takes, takes, w.j.take_first)
            move_to(&w.space.grants, grants, w.j.grant_first)
            best = i
            replays = not w.j.may_split
        else:
            drop(w, &w.now)
    if kept_best and best >= 0 and replays:
        for i in range(n):
            if trials[i].gives and i != best:
                lose(w, first + i, BEATEN, first + best, trials[best].worth - trials[i].worth)
        w.j.take_first = takes
        redo(w, &w.now)
        settle(w, first + best)
        return
    w.space.takes.size = takes
    w.space.grants.size = grants
    best = choose(trials, n, w.p.groups + group)
    if best < 0:
        return
    for i in range(n):
        if trials[i].gives and not trials[i].chosen:
            lose(w, first + i, BEATEN, first + best, trials[best].worth - trials[i].worth)
    for i in range(n):
        if trials[i].chosen:
            judge(w, &w.now, first + i)
            settle(w, first + i)


cdef inline void compete_as_groups(Work* w, i64 group) noexcept nogil:
    """All child groups are tried at group start; the best `most` act."""
    cdef i64 n = 0, i, child = w.child[group], best
    cdef Trial* trials
    cdef Snapshot* shot = group_shot(w, group)
    while child >= 0:
        n += 1
        child = w.sibling[child]
    trials = <Trial*>stacked(w, <size_t>n * sizeof(Trial))
    save(w, shot)
    child = w.child[group]
    for i in range(n):
        perform_group(w, child)
        trials[i] = Trial(child, 0, 0, first_applied(w, shot.in_force_count), 0)
        sum_up(w, child, trials + i)
        restore(w, shot)
        child = w.sibling[child]
    best = choose(trials, n, w.p.groups + group)
    for i in range(n):
        if best >= 0 and trials[i].gives and not trials[i].chosen:
            lose_group(
                w, trials[i].member, trials[best].first, trials[best].worth - trials[i].worth
            )
    for i in range(n):
        if trials[i].chosen:
            perform_group(w, trials[i].member)


cdef inline void sum_up(Work* w, i64 group, Trial* trial) noexcept nogil:
    """Add what the steps of a group and of its child groups came to."""
    cdef i64 i
    for i in range(w.step_first[group], w.step_end[group]):
        trial.worth += w.results[i].worth_minor
        trial.gives |= w.results[i].status == APPLIED
    i = w.child[group]
    while i >= 0:
        sum_up(w, i, trial)
        i = w.sibling[i]


cdef inline void lose_group(Work* w, i64 group, i64 by, i64 minor) noexcept nogil:
    cdef i64 i
    for i in range(w.step_first[group], w.step_end[group]):
        if w.results[i].status == APPLIED:
            lose(w, i, BEATEN, by, minor)
    i = w.child[group]
    while i >= 0:
        lose_group(w, i, by, minor)
        i = w.sibling[i]
