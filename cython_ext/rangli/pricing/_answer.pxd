# cython: language_level=3, cdivision=True
"""The kernel's rows as a QuoteResponse. Fields go in descending order, see `_protowire.pxd`."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memset

from rangli.pricing._adjustments cimport CODED, adjustments_before, link_takes
from rangli.pricing._desk cimport Chosen, Desk, Giver, fit
from rangli.pricing._hot cimport Act, Grant, Hot
from rangli.pricing._money cimport i64
from rangli.pricing._names cimport compared
from rangli.pricing._protowire cimport (
    Writer, int_before, make_room, message_before, put_int, put_message, put_text, text_before,
    written,
)
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, CONDITION_NOT_MET, EXCLUDED, LIMIT_REACHED, NOT_CHOSEN, NO_EFFECT, CartRow,
    GrantRow, ResultRow,
)

cdef enum:
    LAYERS = 8               # numbers of Layer in activity.proto
    ROW_BYTES = 160          # more than a row or an adjustment takes beside what it holds


cdef inline bytes answer_of(Desk* d, const Hot* hot):
    cdef Writer* w = &d.writer
    cdef const ResultRow* results = <const ResultRow*>d.space.results.data
    cdef const i64* payable = <const i64*>d.space.payable.data
    cdef i64 list_minor = 0, outside_minor = 0, payable_minor = 0
    cdef int i
    for i in range(d.ask.line_count + d.ask.delivery_count):
        list_minor += d.cart[i].unit_minor * d.cart[i].quantity
        outside_minor += d.cart[i].outside_minor
        payable_minor += payable[i]
    w.at = w.end
    w.failed = False
    # Room for nearly every answer at once, so that the checks below seldom find work.
    make_room(w, 16_384)
    number_applied(d, hot, results)
    link_takes(d)
    put_int(w, 22, outside_minor)
    put_int(w, 19, hot.policy_version)
    put_text(w, 18, hot.policy_id)
    put_int(w, 17, d.space.nodes)
    put_int(w, 16, d.space.gap_minor)
    put_int(w, 15, d.space.proven)
    put_layers(d, hot, results)
    put_grants(d, hot)
    put_rows(d, d.ask.line_count, d.ask.delivery_count, payable)
    put_funders(d, hot)
    for i in range(d.ask.credential_count - 1, -1, -1):
        if d.step_of_credential[i] >= 0:
            put_not_applied(d, hot, d.step_of_credential[i], results)
    for i in range(d.chosen_count - 1, -1, -1):
        if results[i].status == APPLIED:
            put_applied(d, hot, i, &results[i])
    put_rows(d, 0, d.ask.line_count, payable)
    put_int(w, 6, payable_minor)
    put_int(w, 5, list_minor - outside_minor - payable_minor)
    put_int(w, 4, list_minor)
    put_int(w, 3, hot.version)
    put_instant(w, d.ask.at_us)
    put_text(w, 1, d.ask.currency)
    if w.failed:
        raise MemoryError
    return PyBytes_FromStringAndSize(<const char*>w.at, written(w))


cdef inline void put_instant(Writer* w, i64 at_us) noexcept nogil:
    cdef i64 seconds = at_us // 1_000_000, micros = at_us % 1_000_000, before = written(w)
    if micros < 0:
        micros += 1_000_000
        seconds -= 1
    put_int(w, 2, micros * 1_000)
    put_int(w, 1, seconds)
    put_message(w, 2, before)


# --- what comes before writing ----------------------------------------------------------------


cdef inline int number_applied(Desk* d, const Hot* hot, const ResultRow* results) except -1:
    """Where each step that applied stands in the answer, and room for what its funders pay."""
    cdef int i, applied = 0
    cdef i64 funders = 0
    cdef Giver* giver
    if d.chosen_count > d.giver_room:
        giver = <Giver*>realloc(d.givers, 2 * d.chosen_count * sizeof(Giver))
        if giver == NULL:
            raise MemoryError
        d.givers = giver
        d.giver_room = 2 * d.chosen_count
    for i in range(d.chosen_count):
        funders += hot.acts[d.sorted[i].act].funder_count
    fit(&d.funder_sums, funders + 1)  # somewhere to point, even if nobody funds
    if funders:
        memset(d.funder_sums.at, 0, funders * sizeof(i64))
    funders = 0
    for i in range(d.chosen_count):
        giver = &d.givers[i]
        giver.place = applied
        applied += results[i].status == APPLIED
        giver.effect_of = hot.acts[d.sorted[i].act].effect_of
        giver.funder_count = hot.acts[d.sorted[i].act].funder_count
        giver.plain = giver.funder_count <= 2 and giver.effect_of == NULL
        giver.sums = d.funder_sums.at + funders
        funders += giver.funder_count
    return 0


# --- sums -------------------------------------------------------------------------------------


cdef inline void put_layers(Desk* d, const Hot* hot, const ResultRow* results) noexcept nogil:
    cdef Writer* w = &d.writer
    cdef i64 sums[LAYERS]
    cdef int i
    cdef i64 before
    memset(sums, 0, sizeof(sums))
    for i in range(d.chosen_count):
        sums[hot.acts[d.sorted[i].act].layer] += results[i].off_minor
    for i in range(LAYERS - 1, 0, -1):
        if sums[i]:
            before = written(w)
            put_int(w, 2, sums[i])
            put_int(w, 1, i)
            put_message(w, 14, before)


cdef inline int put_funders(Desk* d, const Hot* hot) except -1:
    """What each funder pays in all, by name."""
    cdef int i, funder, number
    cdef i64 before, count = 0, place
    cdef const Act* act
    cdef i64* totals
    cdef i64* payers
    fit(&d.funder_totals, 2 * hot.funder_count)
    totals, payers = d.funder_totals.at, d.funder_totals.at + hot.funder_count
    for i in range(d.chosen_count):
        act = &hot.acts[d.sorted[i].act]
        for funder in range(act.funder_count):
            totals[act.funders[funder]] = 0
    for i in range(d.chosen_count):
        act = &hot.acts[d.sorted[i].act]
        for funder in range(act.funder_count):
            number = act.funders[funder]
            if totals[number] == 0 and d.givers[i].sums[funder]:
                place = count
                while place and compared(hot.funders[payers[place - 1]], hot.funders[number]) > 0:
                    payers[place] = payers[place - 1]
                    place -= 1
                payers[place] = number
                count += 1
            totals[number] += d.givers[i].sums[funder]
    for place in range(count - 1, -1, -1):
        before = written(&d.writer)
        put_int(&d.writer, 2, totals[payers[place]])
        put_text(&d.writer, 1, hot.funders[payers[place]])
        put_message(&d.writer, 10, before)
    return 0


# --- what applied and what did not ------------------------------------------------------------


cdef inline int reason_of(i64 status) noexcept nogil:
    """The NotAppliedReason of a step's status."""
    if status == CONDITION_NOT_MET:
        return 14
    if status == BEATEN:
        return 15
    if status == NO_EFFECT:
        return 16
    if status == EXCLUDED:
        return 20
    if status == LIMIT_REACHED:
        return 21
    return 22 if status == NOT_CHOSEN else 23


cdef inline void put_not_applied(
    Desk* d, const Hot* hot, int step, const ResultRow* results
) noexcept nogil:
    """The step of a credential, if it gave nothing."""
    cdef Writer* w = &d.writer
    cdef const ResultRow* result = &results[step]
    cdef const Act* act = &hot.acts[d.sorted[step].act]
    cdef i64 before = written(w)
    if result.status == APPLIED:
        return
    put_text(w, 11, act.group_name)
    put_int(w, 10, result.base_minor)
    put_int(w, 8, result.beaten_minor)
    if result.beaten_by >= 0:
        put_text(w, 7, hot.acts[d.sorted[result.beaten_by].act].activity_id)
    if result.status == CONDITION_NOT_MET:
        put_int(w, 6, result.actual)
        put_int(w, 5, result.required)
        put_int(w, 4, result.measure)
    put_int(w, 3, reason_of(result.status))
    put_text(w, 2, d.ask.credentials[d.sorted[step].credential].credential_id)
    put_text(w, 1, act.activity_id)
    put_message(w, 9, before)


cdef inline void put_applied(
    Desk* d, const Hot* hot, int step, const ResultRow* result
) noexcept nogil:
    cdef Writer* w = &d.writer
    cdef const Act* act = &hot.acts[d.sorted[step].act]
    cdef unsigned char* at
    cdef const unsigned char* inside
    cdef int funder
    if not make_room(w, act.room):
        return
    at = text_before(w.at, 13, act.group_name)
    at = int_before(at, 12, result.cut_minor)
    at = int_before(at, 11, result.clamped_minor)
    at = int_before(at, 10, result.times)
    at = int_before(at, 9, result.tier)
    for funder in range(act.funder_count - 1, -1, -1):
        inside = at
        at = int_before(at, 2, d.givers[step].sums[funder])
        at = text_before(at, 1, hot.funders[act.funders[funder]])
        at = message_before(at, 8, inside)
    at = int_before(at, 7, result.off_minor)
    at = int_before(at, 6, result.base_minor)
    if d.sorted[step].credential >= 0:
        at = text_before(at, 5, d.ask.credentials[d.sorted[step].credential].credential_id)
    at -= act.head.size
    memcpy(at, act.head.at, act.head.size)
    w.at = message_before(at, 8, w.at)


cdef inline void put_grants(Desk* d, const Hot* hot) noexcept nogil:
    """What is earned (13), before that gifts that are added (12); each by the activity's place."""
    cdef Writer* w = &d.writer
    cdef const GrantRow* grants = <const GrantRow*>d.space.grants.data
    cdef i64 count = d.space.grants.size // sizeof(GrantRow), i, before
    cdef const Grant* grant
    cdef int field
    for field in range(13, 11, -1):
        for i in range(count - 1, -1, -1):  # the kernel has them by step
            grant = &hot.acts[d.sorted[grants[i].step].act].grants[grants[i].effect]
            if grant.gift != (field == 12):
                continue
            before = written(w)
            if grant.gift:
                put_int(w, 4, grant.number)
                put_int(w, 3, grants[i].amount)
                put_text(w, 2, grant.name)
            else:
                put_int(w, 4, grants[i].amount)
                put_text(w, 3, grant.name)
                put_int(w, 2, grant.number)
            put_int(w, 1, d.givers[grants[i].step].place)
            put_message(w, field, before)


# --- rows -------------------------------------------------------------------------------------


cdef inline void put_rows(Desk* d, int first, int count, const i64* payable) noexcept nogil:
    """Lines of the request, or deliveries, with what was taken off them; `first` stands first."""
    cdef int number
    if make_room(&d.writer, d.adjustment_bytes + count * ROW_BYTES + CODED):
        for number in range(first + count - 1, first - 1, -1):
            put_row(d, number, payable)


cdef inline void put_row(Desk* d, int number, const i64* payable) noexcept nogil:
    cdef Writer* w = &d.writer
    cdef int place = d.row_of[number]
    cdef const CartRow* row = &d.cart[place]
    cdef i64 list_minor = row.unit_minor * row.quantity
    cdef unsigned char* at
    at = int_before(w.at, 6, row.outside_minor)
    at = adjustments_before(d, at, place)
    at = int_before(at, 4, payable[place])
    at = int_before(at, 3, list_minor - row.outside_minor - payable[place])
    at = int_before(at, 2, list_minor)
    if row.delivery:
        at = text_before(at, 1, d.ask.deliveries[number - d.ask.line_count].delivery_id)
    else:
        at = text_before(at, 1, d.ask.lines[number].line_id)
    w.at = message_before(at, 11 if row.delivery else 7, w.at)
