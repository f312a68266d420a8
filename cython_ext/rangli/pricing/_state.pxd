# cython: language_level=3, cdivision=True
"""Where the pricing of a cart stands: settling a step, what is in force, saving and restoring."""

from libc.string cimport memcpy

from rangli.pricing._judge cimport clear_result
from rangli.pricing._money cimport i64, larger
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, CLAMPED, NO_EFFECT, STOP_GROUP, STOP_LINE, ResultRow, StepRow, TakeRow,
)
from rangli.pricing._units cimport copy_state, make_state
from rangli.pricing._work cimport Frame, InForce, State, Work, kept


cdef struct Snapshot:
    # All that changes while a cart is priced, but for the results of steps.
    State state
    i64 off_left
    i64* limit_left
    InForce* in_force
    i64 in_force_count, forbidding
    i64* closed
    i64 any_closed
    Frame* frames
    i64 frame_count, gift_minor, credentials
    size_t takes, grants


cdef inline void make_snapshot(Work* w, Snapshot* shot) noexcept nogil:
    """Room for a snapshot, until the call ends."""
    make_state(w, &shot.state)
    shot.limit_left = <i64*>kept(w, <size_t>w.p.group_count * sizeof(i64))
    shot.in_force = <InForce*>kept(w, <size_t>w.p.step_count * sizeof(InForce))
    shot.closed = <i64*>kept(w, <size_t>w.lines * sizeof(i64))
    shot.frames = <Frame*>kept(w, <size_t>(2 * w.p.group_count + 2) * sizeof(Frame))


cdef inline Snapshot* group_shot(Work* w, i64 group) noexcept nogil:
    """A group's own snapshot, which is made when first needed."""
    cdef Snapshot* shot = <Snapshot*>w.group_shots[group]
    if shot == NULL:
        shot = <Snapshot*>kept(w, sizeof(Snapshot))
        make_snapshot(w, shot)
        w.group_shots[group] = shot
    return shot


cdef inline void save(Work* w, Snapshot* shot) noexcept nogil:
    copy_state(w, &shot.state, &w.now)
    shot.off_left = w.off_left
    memcpy(shot.limit_left, w.limit_left, <size_t>w.p.group_count * sizeof(i64))
    memcpy(shot.in_force, w.in_force, <size_t>w.in_force_count * sizeof(InForce))
    shot.in_force_count = w.in_force_count
    shot.forbidding = w.forbidding
    shot.any_closed = w.any_closed
    if w.any_closed:
        memcpy(shot.closed, w.closed, <size_t>w.lines * sizeof(i64))
    memcpy(shot.frames, w.frames, <size_t>w.frame_count * sizeof(Frame))
    shot.frame_count = w.frame_count
    shot.gift_minor = w.gift_minor
    shot.credentials = w.credentials
    shot.takes = w.space.takes.size
    shot.grants = w.space.grants.size


cdef inline void restore(Work* w, const Snapshot* shot) noexcept nogil:
    cdef i64 line
    copy_state(w, &w.now, &shot.state)
    w.off_left = shot.off_left
    memcpy(w.limit_left, shot.limit_left, <size_t>w.p.group_count * sizeof(i64))
    memcpy(w.in_force, shot.in_force, <size_t>shot.in_force_count * sizeof(InForce))
    w.in_force_count = shot.in_force_count
    w.forbidding = shot.forbidding
    if shot.any_closed:
        memcpy(w.closed, shot.closed, <size_t>w.lines * sizeof(i64))
    elif w.any_closed:
        for line in range(w.lines):
            w.closed[line] = 0
    w.any_closed = shot.any_closed
    memcpy(w.frames, shot.frames, <size_t>shot.frame_count * sizeof(Frame))
    w.frame_count = shot.frame_count
    w.gift_minor = shot.gift_minor
    w.credentials = shot.credentials
    w.space.takes.size = shot.takes
    w.space.grants.size = shot.grants


# --- settling ---------------------------------------------------------------------------------


cdef inline void spend_shared(Work* w, i64 group, i64 off) noexcept nogil:
    """Count what a step of the group took against the limits that steps share."""
    w.off_left -= off
    while group >= 0:
        w.limit_left[group] -= off
        group = w.p.groups[group].parent


cdef inline void count_applied(Work* w, i64 step) noexcept nogil:
    w.gift_minor += w.results[step].worth_minor - w.results[step].off_minor
    w.credentials += w.p.steps[step].credential


cdef inline void settle(Work* w, i64 step) noexcept nogil:
    """Let it be so: what the step judged last took is taken, what it forbids is in force."""
    if w.results[step].status == APPLIED:
        spend_shared(w, w.p.steps[step].group, w.results[step].off_minor)
        count_applied(w, step)
    enforce(w, step, w.j.take_first)


cdef inline void enforce(Work* w, i64 step, size_t takes) noexcept nogil:
    """Put a step in force that applied, or was met and counts or stops nevertheless.

    Met is who ends as NO_EFFECT or CLAMPED. takes: from where on its takes are told.
    """
    cdef const StepRow* row = w.p.steps + step
    cdef i64 status = w.results[step].status
    cdef bint met = status == NO_EFFECT or status == CLAMPED
    cdef bint applied = status == APPLIED or met and w.p.groups[row.group].zero_counts
    if not applied and not (met and row.stop_matched):
        return
    if applied or row.stop >= STOP_GROUP:
        put_in_force(w, step, applied)
    close(w, step, takes)


cdef inline void put_in_force(Work* w, i64 step, bint applied) noexcept nogil:
    cdef const StepRow* row = w.p.steps + step
    w.in_force[w.in_force_count].step = step
    w.in_force[w.in_force_count].applied = applied
    w.in_force_count += 1
    if row.exclusive or row.allows != -1 or row.stop >= STOP_GROUP:
        w.forbidding = 1


cdef inline void close(Work* w, i64 step, size_t takes) noexcept nogil:
    """Close the lines that a step with a stop of scope LINE took something off; if it took nothing,
    those it was judged on.
    """
    cdef const TakeRow* row = <const TakeRow*>(w.space.takes.data + takes)
    cdef const TakeRow* end = <const TakeRow*>(w.space.takes.data + w.space.takes.size)
    cdef i64 i, first = w.at[step].lines
    cdef bint took = False
    if w.p.steps[step].stop != STOP_LINE:
        return
    w.any_closed = 1
    while row < end:
        if row.step == step:
            w.closed[row.line] = 1
            took = True
        row += 1
    if took:
        return
    for i in range(w.p.steps[step].lines):
        if not w.left_out[first + i]:
            w.closed[w.p.lines[first + i]] = 1


cdef inline void enforce_met(Work* w, i64 first, i64 end) noexcept nogil:
    """Put steps in force that were judged at group start, were met and gave nothing."""
    cdef i64 step, status
    for step in range(first, end):
        status = w.results[step].status
        if (status == NO_EFFECT or status == CLAMPED) and not is_in_force(w, step):
            enforce(w, step, w.space.takes.size)


cdef inline bint is_in_force(Work* w, i64 step) noexcept nogil:
    cdef i64 i
    for i in range(w.in_force_count):
        if w.in_force[i].step == step:
            return True
    return False


cdef inline i64 last_applied(Work* w, i64 since) noexcept nogil:
    """The last step that applied after so many were in force, -1 if none did."""
    cdef i64 i
    for i in range(w.in_force_count - 1, since - 1, -1):
        if w.in_force[i].applied:
            return w.in_force[i].step
    return -1


cdef inline i64 first_applied(Work* w, i64 since) noexcept nogil:
    cdef i64 i
    for i in range(since, w.in_force_count):
        if w.in_force[i].applied:
            return w.in_force[i].step
    return -1


cdef inline void lose(Work* w, i64 step, i64 status, i64 by, i64 minor) noexcept nogil:
    """Others won, or the search chose others."""
    cdef i64 base = w.results[step].base_minor
    clear_result(w, step)
    w.results[step].status = status
    w.results[step].base_minor = base
    w.results[step].beaten_by = by
    w.results[step].beaten_minor = larger(0, minor)
