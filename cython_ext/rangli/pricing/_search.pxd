# cython: language_level=3, cdivision=True
"""The best combination, by branch and bound over all BEST groups of the cart together.

`rangli/pricing/stacking/search.py` says in which order decisions are visited.
"""

from libc.string cimport memcpy, memset

from rangli.pricing._bound cimport Key, Opened, is_better, lowest
from rangli.pricing._groups cimport BEST, carry_out, count_member, is_full, top_frame
from rangli.pricing._judge cimport drop, judge
from rangli.pricing._lines cimport act_on_won, make_bids
from rangli.pricing._money cimport i64, smaller
from rangli.pricing._rows cimport APPLIED, BEATEN, NOT_CHOSEN, SCOPE_LINE, LeafRow, ResultRow
from rangli.pricing._state cimport (
    Snapshot, enforce_met, first_applied, lose, make_snapshot, restore, save, settle,
)
from rangli.pricing._units cimport begin_group
from rangli.pricing._work cimport InForce, Mark, Rows, Work, give_back, grown, kept, mark, stacked


cdef struct Level:
    # A node where there is something to choose. at: the move that is being decided. shot: the
    # state there (with scope LINE that of the level of the group's first line, `own` else).
    # choices: members to act, in order or by line; -1 nobody, or (CART in order) the next is
    # left out. begin: the memory that is in use here.
    Level* below
    Level* above
    i64 at, count, index
    i64* choices
    Opened* opened
    i64 next, chosen, line_at
    char* gone
    Mark begin
    Snapshot own
    Snapshot* shot


cdef struct Search:
    # The best end found, as rows of the workspace; nodes visited.
    Key key
    i64 nodes, limit, lowest_left
    Level* bottom


cdef inline void search(Work* w) noexcept nogil:
    """Carry out the tree, and find the best end that the node limit allows."""
    cdef i64 at = 0
    cdef Search s
    cdef Key low
    cdef Snapshot root
    while at < w.tree_moves and not opens(w, at):
        carry_out(w, w.moves + at)
        at += 1
    s.nodes = 1
    s.limit = w.p.node_limit if w.p.node_limit > 0 else w.p.tree_node_limit
    w.space.nodes = 1
    w.space.gap_minor = 0
    if at == w.tree_moves:
        return
    make_snapshot(w, &root)
    save(w, &root)
    descend(w, at)
    s.key = key_of(w)
    keep(w)
    restore(w, &root)
    low = lowest(w, at, NULL, &s.key)
    s.lowest_left = s.key.payable
    if is_better(&low, &s.key):
        if s.limit == 1:
            s.lowest_left = smaller(s.lowest_left, low.payable)
        else:
            visit(w, &s, at)
    fetch_kept(w)
    w.space.nodes = s.nodes
    w.space.gap_minor = s.key.payable - smaller(s.lowest_left, s.key.payable)


cdef inline bint opens(Work* w, i64 at) noexcept nogil:
    """Whether a move leaves a choice."""
    return w.moves[at].do == BEST and not is_full(top_frame(w))


cdef inline void descend(Work* w, i64 at) noexcept nogil:
    """The first descent: BEST groups are decided at once."""
    while at < w.tree_moves:
        carry_out(w, w.moves + at)
        at += 1


cdef inline Key key_of(Work* w) noexcept nogil:
    cdef Key key
    cdef i64 i
    key.payable = 0
    for i in range(w.lines):
        key.payable += w.now.left[i]
    key.minus_worth = key.payable - w.original_minor - w.gift_minor
    key.credentials = w.credentials
    return key


# --- visiting ---------------------------------------------------------------------------------


cdef inline void visit(Work* w, Search* s, i64 at) noexcept nogil:
    """Depth first, as far as bounds and the node limit allow."""
    cdef Level* level
    cdef Key low, end
    s.bottom = NULL
    level = to_choice(w, s, NULL, NULL, at)
    while level != NULL:
        if level.index == level.count:
            level = level.below
            continue
        give_back(&w.space.stack, level.begin)
        restore(w, level.shot)
        return_to(w, level)
        decide(w, level)
        level.index += 1
        low = lowest(w, level.at, level.opened, &s.key)
        if not is_better(&low, &s.key):
            continue
        if s.nodes == s.limit:
            s.lowest_left = smaller(s.lowest_left, low.payable)
            continue
        s.nodes += 1
        level = to_choice(w, s, level, level.opened, level.at)
        if w.at_end:
            end = key_of(w)
            if is_better(&end, &s.key):
                s.key = end
                keep(w)


cdef inline Level* to_choice(
    Work* w, Search* s, Level* below, Opened* opened, i64 at
) noexcept nogil:
    """Go on to where there is something to choose: a level above `below`; itself at an end."""
    w.at_end = False
    while opened != NULL or at < w.tree_moves:
        if opened == NULL:
            if opens(w, at):
                opened = open_group(w, w.moves[at].number)
            else:
                carry_out(w, w.moves + at)
                at += 1
            continue
        if find_choices(w, opened):
            return new_level(w, s, below, opened, at)
        close_group(w, opened)
        opened = NULL
        at += 1
    w.at_end = True
    return below


cdef inline Level* new_level(
    Work* w, Search* s, Level* below, Opened* opened, i64 at
) noexcept nogil:
    cdef Level* level = s.bottom if below == NULL else below.above
    cdef size_t n = <size_t>opened.bids.n
    if level == NULL:
        level = <Level*>kept(w, sizeof(Level))
        memset(level, 0, sizeof(Level))
        level.below = below
        if below == NULL:
            s.bottom = level
        else:
            below.above = level
    level.at = at
    level.index = 0
    level.opened = opened
    level.count = w.choice_count
    level.choices = <i64*>stacked(w, <size_t>w.choice_count * sizeof(i64))
    memcpy(level.choices, w.choices, <size_t>w.choice_count * sizeof(i64))
    level.next = opened.next
    level.chosen = opened.chosen
    level.line_at = opened.line_at
    level.gone = <char*>stacked(w, n)
    memcpy(level.gone, opened.gone, n)
    if below != NULL and below.opened == opened and opened.line_count > 0:
        level.shot = below.shot
    else:
        if level.own.state.left == NULL:
            make_snapshot(w, &level.own)
        level.shot = &level.own
        save(w, level.shot)
    level.begin = mark(&w.space.stack)
    return level


cdef inline void return_to(Work* w, const Level* level) noexcept nogil:
    """Bring the group that is being decided back to where it was at this level."""
    cdef Opened* opened = level.opened
    cdef i64 i
    opened.next = level.next
    opened.chosen = level.chosen
    opened.line_at = level.line_at
    memcpy(opened.gone, level.gone, <size_t>opened.bids.n)
    for i in range(opened.line_at, opened.line_count):
        opened.decided[opened.lines[i]] = 0


cdef inline void decide(Work* w, const Level* level) noexcept nogil:
    cdef Opened* opened = level.opened
    cdef i64 member = level.choices[level.index], i
    if opened.line_count > 0:
        opened.bids.place[opened.lines[opened.line_at]] = member
        opened.decided[opened.lines[opened.line_at]] = 1
        opened.line_at += 1
    elif member >= 0:
        judge(w, &w.now, opened.bids.first + member)
        settle(w, opened.bids.first + member)
        opened.gone[member] = 1
        opened.chosen += 1
    elif w.p.groups[opened.group].any_order:
        for i in range(opened.bids.n):
            if opened.gone[i] == 0:
                opened.gone[i] = 2
    else:
        opened.gone[opened.next] = 2


# --- a BEST group -----------------------------------------------------------------------------


cdef inline Opened* open_group(Work* w, i64 group) noexcept nogil:
    cdef Opened* opened = <Opened*>stacked(w, sizeof(Opened))
    cdef i64 n, line, i, best
    cdef const i64* minor
    memset(opened, 0, sizeof(Opened))
    opened.group = group
    begin_group(w, &w.now, w.p.groups[group].resets)
    opened.bids = make_bids(w, group)
    opened.since = w.in_force_count
    n = opened.bids.n
    opened.gone = <char*>stacked(w, <size_t>n)
    memset(opened.gone, 0, <size_t>n)
    keep_leaves(w, opened)
    if w.p.groups[group].scope != SCOPE_LINE:
        return opened
    opened.lines = <i64*>stacked(w, <size_t>w.lines * sizeof(i64))
    opened.decided = <char*>stacked(w, <size_t>w.lines)
    memset(opened.decided, 0, <size_t>w.lines)
    for line in range(w.lines):
        opened.bids.place[line] = -1
        best = -1
        for i in range(n):
            minor = opened.bids.minor + i * w.lines + line
            if minor[0] > 0:
                best = w.lines
                break
            if minor[0] == 0 and opened.bids.place[line] < 0:
                opened.bids.place[line] = i
        if best > 0:
            opened.bids.place[line] = -1
            opened.lines[opened.line_count] = line
            opened.line_count += 1
        elif opened.bids.place[line] >= 0:
            opened.decided[line] = 1
    return opened


cdef inline void keep_leaves(Work* w, Opened* opened) noexcept nogil:
    """The leaves that the members' bids have told, for those that lose."""
    cdef i64 first = opened.bids.first, step
    cdef LeafRow* leaves
    cdef i64 count = 0
    if not w.p.trace or opened.bids.n == 0:
        return
    for step in range(first, first + opened.bids.n):
        count += w.leaf_count[step]
    leaves = <LeafRow*>stacked(w, <size_t>count * sizeof(LeafRow))
    opened.leaves = <char*>leaves
    for step in range(first, first + opened.bids.n):
        memcpy(
            leaves, w.leaves + w.leaf_first[step],
            <size_t>w.leaf_count[step] * sizeof(LeafRow),
        )
        leaves += w.leaf_count[step]


cdef inline void fetch_leaves(Work* w, const Opened* opened, i64 member) noexcept nogil:
    cdef i64 i, before = 0, step = opened.bids.first + member
    w.leaf_count[step] = opened.bids.leaves[member]
    if not w.p.trace:
        return
    for i in range(member):
        before += opened.bids.leaves[i]
    memcpy(
        w.leaves + w.leaf_first[step], <const LeafRow*>opened.leaves + before,
        <size_t>w.leaf_count[step] * sizeof(LeafRow),
    )


cdef inline bint find_choices(Work* w, Opened* opened) noexcept nogil:
    """What may be decided next; members that give nothing are passed. False: nothing."""
    cdef i64 most = w.p.groups[opened.group].most
    w.choice_count = 0
    if w.p.groups[opened.group].scope == SCOPE_LINE:
        if opened.line_at == opened.line_count:
            return False
        rank_line(w, opened, opened.lines[opened.line_at])
        return True
    if most > 0 and opened.chosen == most:
        return False
    if w.p.groups[opened.group].any_order:
        return find_able(w, opened)
    while opened.next < opened.bids.n:
        if opened.gone[opened.next] == 0:
            judge(w, &w.now, opened.bids.first + opened.next)
            if w.results[opened.bids.first + opened.next].status == APPLIED:
                drop(w, &w.now)
                w.choices[0] = opened.next
                w.choices[1] = -1
                w.choice_count = 2
                return True
            settle(w, opened.bids.first + opened.next)
            opened.gone[opened.next] = 1
        opened.next += 1
    return False


cdef inline bint find_able(Work* w, Opened* opened) noexcept nogil:
    cdef i64 i
    for i in range(opened.bids.n):
        if opened.gone[i] != 0:
            continue
        judge(w, &w.now, opened.bids.first + i)
        if w.results[opened.bids.first + i].status == APPLIED:
            drop(w, &w.now)
            w.choices[w.choice_count] = i
            w.choice_count += 1
    if w.choice_count == 0:
        return False
    w.choices[w.choice_count] = -1
    w.choice_count += 1
    return True


cdef inline void rank_line(Work* w, const Opened* opened, i64 line) noexcept nogil:
    """Who bids on a line, the largest bid first, of equals in order; or else nobody."""
    cdef i64 i, k, bid
    cdef const i64* minor = opened.bids.minor + line
    cdef i64 lines = opened.bids.lines
    for i in range(opened.bids.n):
        bid = minor[i * lines]
        if bid <= 0:
            continue
        k = w.choice_count
        while k > 0 and minor[w.choices[k - 1] * lines] < bid:
            w.choices[k] = w.choices[k - 1]
            k -= 1
        w.choices[k] = i
        w.choice_count += 1
    w.choices[w.choice_count] = -1
    w.choice_count += 1


cdef inline void close_group(Work* w, Opened* opened) noexcept nogil:
    """All is decided: with scope LINE they act now. Who lost is told so."""
    cdef i64 i, line, n = opened.bids.n
    if w.p.groups[opened.group].scope == SCOPE_LINE:
        memset(opened.bids.won, 0, 2 * <size_t>(n * opened.bids.lines))
        for line in range(opened.bids.lines):
            if opened.bids.place[line] >= 0:
                opened.bids.won[opened.bids.place[line] * opened.bids.lines + line] = 1
        act_on_won(w, &opened.bids, True)
        enforce_met(w, opened.bids.first, opened.bids.first + n)
    else:
        for i in range(n):
            if opened.gone[i] != 1:
                lose_choice(w, opened, i)
        w.unsorted |= w.p.groups[opened.group].any_order
    count_member(w, opened.since)


cdef inline void lose_choice(Work* w, const Opened* opened, i64 member) noexcept nogil:
    """A member that did not act: NOT_CHOSEN if it gives more than the first that acted, or nobody
    did, else BEATEN by that one.
    """
    cdef i64 step = opened.bids.first + member, acted = first_applied(w, opened.since), more
    cdef const ResultRow* bid = opened.bids.rows + member
    w.results[step] = bid[0]
    fetch_leaves(w, opened, member)
    if bid.status != APPLIED:
        return
    if acted < 0:
        lose(w, step, NOT_CHOSEN, -1, 0)
        return
    more = w.results[acted].worth_minor - bid.worth_minor
    lose(w, step, NOT_CHOSEN if more < 0 else BEATEN, acted, more)


# --- the best end -----------------------------------------------------------------------------


cdef inline void copy_rows(Work* w, Rows* target, const Rows* source) noexcept nogil:
    target.size = 0
    if source.size == 0:
        return
    memcpy(grown(&w.unwind, target, source.size), source.data, source.size)
    target.size = source.size


cdef inline void keep(Work* w) noexcept nogil:
    """This end is the best so far."""
    cdef size_t lines = <size_t>w.lines * sizeof(i64), steps = <size_t>w.p.step_count * sizeof(i64)
    cdef size_t in_force = <size_t>w.in_force_count * sizeof(InForce)
    copy_rows(w, &w.space.best_takes, &w.space.takes)
    copy_rows(w, &w.space.best_grants, &w.space.grants)
    copy_rows(w, &w.space.best_results, &w.space.results)
    w.space.best_in_force.size = 0
    grown(&w.unwind, &w.space.best_in_force, in_force)
    memcpy(w.space.best_in_force.data, w.in_force, in_force)
    w.space.best_in_force.size = in_force
    w.space.best_rest.size = 0
    grown(&w.unwind, &w.space.best_rest, lines + steps + w.leaf_room)
    memcpy(w.space.best_rest.data, w.now.left, lines)
    memcpy(w.space.best_rest.data + lines, w.leaf_count, steps)
    if w.leaf_room > 0:
        memcpy(w.space.best_rest.data + lines + steps, w.leaves, w.leaf_room)


cdef inline void fetch_kept(Work* w) noexcept nogil:
    """Answer with the best end."""
    cdef size_t lines = <size_t>w.lines * sizeof(i64), steps = <size_t>w.p.step_count * sizeof(i64)
    copy_rows(w, &w.space.takes, &w.space.best_takes)
    copy_rows(w, &w.space.grants, &w.space.best_grants)
    copy_rows(w, &w.space.results, &w.space.best_results)
    w.results = <ResultRow*>w.space.results.data
    w.in_force_count = <i64>(w.space.best_in_force.size // sizeof(InForce))
    memcpy(w.in_force, w.space.best_in_force.data, w.space.best_in_force.size)
    memcpy(w.now.left, w.space.best_rest.data, lines)
    memcpy(w.leaf_count, w.space.best_rest.data + lines, steps)
    if w.leaf_room > 0:
        memcpy(w.leaves, w.space.best_rest.data + lines + steps, w.leaf_room)
