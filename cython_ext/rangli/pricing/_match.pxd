# cython: language_level=3, cdivision=True
"""Chooses what is to act on a cart, and gives each its lines."""

from libc.stdlib cimport realloc
from libc.string cimport memcmp, memset

from rangli.pricing._desk cimport (
    Chosen, Cluster, Desk, bit_count, has_row, set_row,
)
from rangli.pricing._hot cimport Act, Hot, Offer, Touch, know_books, know_deliverers, named_act
from rangli.pricing._money cimport i64, share_half_up
from rangli.pricing._names cimport compared, text_of
from rangli.pricing._products cimport (
    lists_of_delivery, numbered, offer_of, product_number, runs_in,
)
from rangli.pricing._protowire cimport Slice, u64
from rangli.pricing._request cimport LINES_MAX, NO_END, Asked, AskedCredential, AskedLine
from rangli.pricing._rows cimport OFF, PRICE, CartRow, EntryRow


# --- rows -------------------------------------------------------------------------------------


cdef inline bint line_before(const Asked* ask, int a, int b) noexcept nogil:
    if ask.lines[a].position != ask.lines[b].position:
        return ask.lines[a].position < ask.lines[b].position
    return compared(ask.lines[a].line_id, ask.lines[b].line_id) < 0


cdef inline bint delivery_before(const Asked* ask, int a, int b) noexcept nogil:
    return compared(ask.deliveries[a].delivery_id, ask.deliveries[b].delivery_id) < 0


cdef inline void order_rows(Desk* d) noexcept nogil:
    """Lines by position, deliveries by name; insertion, since mostly they come in order."""
    cdef int i, j
    for i in range(d.ask.line_count):
        j = i
        while j > 0 and line_before(&d.ask, i, d.order[j - 1]):
            d.order[j] = d.order[j - 1]
            j -= 1
        d.order[j] = i
    for i in range(d.ask.delivery_count):
        j = i
        while j > 0 and delivery_before(&d.ask, i, d.delivery_order[j - 1]):
            d.delivery_order[j] = d.delivery_order[j - 1]
            j -= 1
        d.delivery_order[j] = i


cdef inline bint place_rows(Desk* d, Hot* hot, object source) except -1:
    """Lays out lines and deliveries, and finds the products. 0 if one is not for us."""
    cdef int i, number
    cdef AskedLine* line
    cdef CartRow* row
    cdef i64 left
    order_rows(d)
    d.words = (d.ask.line_count + d.ask.delivery_count + 63) >> 6
    for i in range(d.ask.line_count):
        line = &d.ask.lines[d.order[i]]
        number = product_number(hot, source, line, d.ask.at_us)
        if number < 0:
            return 0
        d.product_of[i] = number
        d.store_of[i] = -1
        d.row_of[d.order[i]] = i
        row = &d.cart[i]
        row.unit_minor, row.quantity = line.unit_minor, line.quantity
        row.outside_minor = line.outside_minor
        left = line.unit_minor * line.quantity - line.outside_minor
        row.floor_minor = line.floor_minor * line.quantity
        if row.floor_minor > left:
            row.floor_minor = left
        row.other_minor = line.other_minor
        row.product = hot.products_kept[number].sku
        row.delivery = 0
    for i in range(d.ask.delivery_count):
        number = d.delivery_order[i]
        d.store_of[d.ask.line_count + i] = -1
        d.row_of[d.ask.line_count + number] = d.ask.line_count + i
        row = &d.cart[d.ask.line_count + i]
        memset(row, 0, sizeof(CartRow))
        row.unit_minor = d.ask.deliveries[number].fee_minor
        row.quantity = row.delivery = 1
        row.other_minor = -1
    return 1


cdef inline int store_of(Desk* d, Hot* hot, int row) except -1:
    """The number of a row's store: a line's own, or else the cart's."""
    cdef Slice store = d.ask.store_id
    if d.store_of[row] < 0:
        if row < d.ask.line_count and d.ask.lines[d.order[row]].store_id.size:
            store = d.ask.lines[d.order[row]].store_id
        d.store_of[row] = numbered(hot, &hot.stores, store)
    return d.store_of[row]


cdef inline Slice method_of(const Desk* d, int row) noexcept nogil:
    return d.ask.deliveries[d.delivery_order[row - d.ask.line_count]].method


# --- what acts --------------------------------------------------------------------------------


cdef inline bint match(Desk* d, Hot* hot, object source) except -1:
    """Chooses what is to act. 0 if a credential is of no use: why, others say."""
    cdef int i
    d.chosen_count = d.entry_count = 0
    for i in range(d.ask.credential_count):
        if not present(d, hot, source, i):
            return 0
    touch_lines(d, hot, source)
    choose_books(d, hot, source)
    if d.ask.delivery_count:
        deliver(d, hot, source)
    return leave_stores(d, hot, source)


cdef inline void forget_slots(Desk* d, Hot* hot) noexcept:
    while d.looked_count:
        d.looked_count -= 1
        hot.slot_of[d.looked[d.looked_count]] = 0


cdef inline int set_slot(Desk* d, Hot* hot, int act, int slot) except -1:
    cdef int* grown
    if hot.slot_of[act] == 0:
        if d.looked_count == d.looked_room:
            grown = <int*>realloc(d.looked, (2 * d.looked_room + 256) * sizeof(int))
            if grown == NULL:
                raise MemoryError
            d.looked = grown
            d.looked_room = 2 * d.looked_room + 256
        d.looked[d.looked_count] = act
        d.looked_count += 1
    hot.slot_of[act] = slot
    return 0


cdef inline int judged(Desk* d, Hot* hot, object source, int number) except -3:
    """The place among the chosen plus one; -1 if it does not act."""
    cdef const Act* act = &hot.acts[number]
    if act.held or d.ask.at_us < act.starts_us or d.ask.at_us >= act.ends_us:
        return -1
    # Who has other amounts for some carts may have them for this currency.
    if memcmp(act.currency, d.ask.currency.at, 3) != 0 and not act.beside:
        return -1
    if act.basis and act.basis != d.ask.basis:
        return -1
    if not act.grouped or (act.asks and not welcome(d, act, source, number)):
        return -1
    return choose(d, number)


cdef inline bint welcome(Desk* d, const Act* act, object source, int number) except -1:
    """Whether it runs at this hour, in this channel, for this shopper."""
    cdef int i
    cdef list groups = [text_of(d.ask.groups[i]) for i in range(d.ask.group_count)]
    cdef object line_ids = None
    if act.slowed:
        line_ids = [text_of(d.ask.lines[i].line_id) for i in range(d.ask.line_count)]
    return source.welcome(
        number, d.ask.at_us, text_of(d.ask.channel), text_of(d.ask.user_id),
        user_groups=groups, line_ids=line_ids,
    )


cdef inline int choose(Desk* d, int act) except -1:
    cdef Chosen* chosen
    if d.chosen_count == d.chosen_room:
        chosen = <Chosen*>realloc(d.chosen, (2 * d.chosen_room + 64) * sizeof(Chosen))
        if chosen == NULL:
            raise MemoryError
        d.chosen = chosen
        d.chosen_room = 2 * d.chosen_room + 64
    chosen = &d.chosen[d.chosen_count]
    chosen.expires_us, chosen.act, chosen.credential = NO_END, act, -1
    chosen.twin, chosen.first_entry = 0, -1
    memset(chosen.lines, 0, d.words * sizeof(u64))
    d.chosen_count += 1
    return d.chosen_count


cdef inline bint present(Desk* d, Hot* hot, object source, int number) except -1:
    """A credential of the request. 0 unless its activity is to act: why not, others say."""
    cdef AskedCredential* shown = &d.ask.credentials[number]
    cdef int act, slot
    cdef Chosen* chosen
    if shown.expires_us <= d.ask.at_us:
        return 0
    act = named_act(hot, source, shown.activity_id)
    if act < 0:
        return 0
    slot = judged(d, hot, source, act)
    if slot <= 0:
        return 0
    chosen = &d.chosen[slot - 1]
    chosen.credential, chosen.expires_us = number, shown.expires_us
    if hot.acts[act].delivers:
        return delivered(d, hot, source, act, chosen)
    chosen.twin = hot.slot_of[act]
    set_slot(d, hot, act, slot)
    return 1


cdef inline void cluster_lines(Desk* d, Hot* hot) noexcept nogil:
    """Puts together the lines that the same activities touch."""
    cdef int i
    cdef Touch* touch
    cdef Cluster* cluster
    d.cluster_count = 0
    for i in range(d.ask.line_count):
        touch = &hot.touches[hot.products_kept[d.product_of[i]].touch]
        if touch.cluster == 0:
            cluster = &d.clusters[d.cluster_count]
            d.cluster_count += 1
            touch.cluster = d.cluster_count
            cluster.touch = hot.products_kept[d.product_of[i]].touch
            memset(cluster.lines, 0, d.words * sizeof(u64))
        set_row(d.clusters[touch.cluster - 1].lines, i)
    for i in range(d.cluster_count):
        hot.touches[d.clusters[i].touch].cluster = 0


cdef inline int touch_lines(Desk* d, Hot* hot, object source) except -1:
    """Chooses open activities that touch lines; those, and what was presented, get their lines."""
    cdef int i, j, act, slot, word, count
    cdef Touch* touch
    cdef Chosen* chosen
    cluster_lines(d, hot)
    for i in range(d.cluster_count):
        touch = &hot.touches[d.clusters[i].touch]
        count = touch.count if d.ask.credential_count else touch.open_count
        for j in range(count):
            act = touch.acts[j]
            slot = hot.slot_of[act]
            if slot == 0 and j < touch.open_count:
                slot = judged(d, hot, source, act)
                set_slot(d, hot, act, slot)
            while slot > 0:
                chosen = &d.chosen[slot - 1]
                for word in range(d.words):
                    chosen.lines[word] |= d.clusters[i].lines[word]
                slot = chosen.twin
    return 0


# --- price books ------------------------------------------------------------------------------


cdef inline int choose_books(Desk* d, Hot* hot, object source) except -1:
    """Chooses price books with entries for the cart's products."""
    cdef int i, k, book, slot
    cdef Chosen* chosen
    cdef const Offer* offer
    if hot.books == NULL:
        know_books(hot, source)
    for k in range(hot.book_count):
        book = hot.books[k]
        slot = judged(d, hot, source, book)
        if slot <= 0:
            continue
        fit_entries(d, d.entry_count + d.ask.line_count)
        chosen = &d.chosen[slot - 1]
        chosen.first_entry = d.entry_count
        for i in range(d.ask.line_count):
            if hot.acts[book].stores and not runs_in(hot, source, book, store_of(d, hot, i)):
                continue
            offer = offer_of(
                hot, source, d.product_of[i], book, store_of(d, hot, i), d.ask.at_us
            )
            if offer.count:
                set_row(chosen.lines, i)
                d.entries[d.entry_count] = best_of(offer, &d.cart[i])
                d.entry_count += 1
    return 0


cdef inline int fit_entries(Desk* d, int count) except -1:
    cdef EntryRow* grown
    if count <= d.entry_room:
        return 0
    grown = <EntryRow*>realloc(d.entries, 2 * count * sizeof(EntryRow))
    if grown == NULL:
        raise MemoryError
    d.entries = grown
    grown = <EntryRow*>realloc(d.step_entries, 2 * count * sizeof(EntryRow))
    if grown == NULL:
        raise MemoryError
    d.step_entries = grown
    d.entry_room = 2 * count
    return 0


cdef inline EntryRow best_of(const Offer* offer, const CartRow* row) noexcept nogil:
    """The entry that takes most off the line; of equal ones the first."""
    cdef i64 best = off_entry(&offer.entries[0], row), off
    cdef int k, found = 0
    for k in range(1, offer.count):
        off = off_entry(&offer.entries[k], row)
        if off > best:
            best = off
            found = k
    return offer.entries[found]


cdef inline i64 off_entry(const EntryRow* entry, const CartRow* row) noexcept nogil:
    """What an entry takes off the line's list price, as `rangli.pricing.matching` says."""
    if entry.kind == PRICE:
        return (row.unit_minor - entry.value) * row.quantity
    if entry.kind == OFF:
        return share_half_up(entry.value, row.quantity, entry.per, NO_END)
    return share_half_up(row.unit_minor * row.quantity, entry.value, 10_000, NO_END)


# --- deliveries and stores --------------------------------------------------------------------


cdef inline int deliver(Desk* d, Hot* hot, object source) except -1:
    """Chooses what acts on deliveries and needs no credential."""
    cdef int i, slot
    if hot.deliverers == NULL or d.ask.at_us < hot.deliverers_from_us:
        know_deliverers(hot, source, d.ask.at_us)
    for i in range(hot.deliverer_count):
        slot = judged(d, hot, source, hot.deliverers[i])
        if slot > 0:
            delivered(d, hot, source, hot.deliverers[i], &d.chosen[slot - 1])
    return 0


cdef inline bint delivered(
    Desk* d, Hot* hot, object source, int act, Chosen* chosen
) except -1:
    """Gives it the deliveries it is for; whether there are any."""
    cdef int row
    cdef bint found = False
    for row in range(d.ask.line_count, d.ask.line_count + d.ask.delivery_count):
        if lists_of_delivery(hot, source, act, method_of(d, row)):
            set_row(chosen.lines, row)
            found = True
    return found


cdef inline bint leave_stores(Desk* d, Hot* hot, object source) except -1:
    """Takes out lines of stores that activities do not run in, and who is left with none.

    0 if that leaves a credential without a line: why, others say.
    """
    cdef int i, row, word, kept = 0
    cdef Chosen* chosen
    for i in range(d.chosen_count):
        chosen = &d.chosen[i]
        if hot.acts[chosen.act].stores and not hot.acts[chosen.act].book:
            for row in range(d.ask.line_count + d.ask.delivery_count):
                if has_row(chosen, row):
                    if not runs_in(hot, source, chosen.act, store_of(d, hot, row)):
                        chosen.lines[row >> 6] &= ~(<u64>1 << (row & 63))
        chosen.line_count = 0
        for word in range(d.words):
            chosen.line_count += bit_count(chosen.lines[word])
        if chosen.line_count:
            if kept != i:
                d.chosen[kept] = chosen[0]
            kept += 1
        elif chosen.credential >= 0:
            return 0
    d.chosen_count = kept
    return 1
