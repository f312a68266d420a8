# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False
"""Quotes from wire bytes to wire bytes, without an object for every line and adjustment.

What a cart usually is, is read straight into the price kernel's rows, and the kernel's rows are
written straight into the answer. Whatever is not usual - fields that few callers set, anything
that is wrong - makes it return None, and the plain way (`rangli.pricing.rpc`) answers; it alone
knows how to refuse. Both ways give the same bytes for
whatever both answer; a test compares them.

What products touch which activities is asked of the catalogue once and kept.
"""

from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from rangli.pricing._money cimport i64, share_half_up
from rangli.pricing._protowire cimport (
    BYTES, VARINT, Reader, Slice, Writer, int_before, make_room, plain_text, put_int, put_message, put_raw,
    put_text, put_varint, read_bytes, read_varint, reader_of, u64, varint_before, written,
)
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, CONDITION_NOT_MET, EXCLUDED, LIMIT_REACHED, NOT_CHOSEN, NO_EFFECT,
    OFF, PRICE, CartRow, Component, Cond, Effect, EntryRow, GrantRow, Group, Head, Money, ResultRow,
    StepRow, TakeRow, Tier,
)
from rangli.pricing._stacking cimport close_workspace, open_workspace, price_c
from rangli.pricing._work cimport LINE_MINOR_MAX, VALUE_MAX, Needs, Problem, Workspace

from rangli.activities.conditions import Known, truth
from rangli.core.money import known_currency
from rangli.pricing.codec_rpc import hot_activity, lists_of, lists_of_delivery, product_facts

cdef enum:
    LINES_MAX = 500
    DELIVERIES_MAX = 100
    ROWS_MAX = 600
    GROUPS_MAX = 50
    CREDENTIALS_MAX = 100
    QUANTITY_MAX = 1_000_000
    WORDS = 10               # bits for all rows
    PRODUCTS_KEPT = 65_536
    OFFERS_KEPT = 64         # of one product
    OFFER_KEY_MAX = 104      # bytes: an int, and a store's id of at most 100
    KEY_MAX = 8_192
    IDS = 2_048              # places of the table that finds equal names
    # More lines times activities than this are priced off the loop: not here.
    PAIRS_MAX = 20_000
    LAYERS = 8               # numbers of Layer in activity.proto
    CHANNELS_KEPT = 1_000

cdef extern from *:
    """
    #define RANGLI_NO_END 0x7FFFFFFFFFFFFFFFLL
    #define RANGLI_SECONDS_MIN -62104060800LL
    #define RANGLI_SECONDS_MAX 253370764799LL
    """
    int lowest_bit "__builtin_ctzll"(u64) nogil
    int popcount "__builtin_popcountll"(u64) nogil
    const i64 NO_END "RANGLI_NO_END"
    const i64 SECONDS_MIN "RANGLI_SECONDS_MIN"
    const i64 SECONDS_MAX "RANGLI_SECONDS_MAX"


# --- what a request says ----------------------------------------------------------------------

cdef struct AskedLine:
    Slice line_id, store_id
    Slice sku, price, rest     # wire bytes of sku, of list_minor, of category, brand and tags
    i64 quantity, unit_minor, floor_minor, outside_minor, other_minor, position


cdef struct AskedCredential:
    Slice credential_id, activity_id
    i64 expires_us


cdef struct AskedDelivery:
    Slice delivery_id, method
    i64 fee_minor


cdef struct Asked:
    Slice currency, user_id, store_id, channel
    i64 at_us, basis
    bint has_instant
    int line_count, delivery_count, group_count, credential_count
    AskedLine lines[LINES_MAX]
    AskedDelivery deliveries[DELIVERIES_MAX]
    Slice groups[GROUPS_MAX]
    AskedCredential credentials[CREDENTIALS_MAX]


# One at a time: everything here holds the GIL.
cdef Asked* ask = <Asked*>malloc(sizeof(Asked))


cdef bint read_instant(Slice whole, i64* at_us) noexcept nogil:
    cdef Reader r = reader_of(whole)
    cdef i64 seconds = 0, nanos = 0
    cdef u64 tag
    while r.at < r.end and not r.bad:
        tag = read_varint(&r)
        if tag == (1 << 3 | VARINT):
            seconds = <i64>read_varint(&r)
        elif tag == (2 << 3 | VARINT):
            nanos = <i64>read_varint(&r)
        else:
            return False
    at_us[0] = seconds * 1_000_000 + nanos // 1_000 if not r.bad else 0
    return (
        not r.bad and SECONDS_MIN <= seconds <= SECONDS_MAX and 0 <= nanos < 1_000_000_000
    )


cdef bint read_line(Slice whole, AskedLine* line) noexcept nogil:
    """A line as canonical writers write it: fields in order, none twice but tags."""
    cdef Reader r = reader_of(whole)
    cdef const unsigned char* begin
    cdef u64 tag, last = 0
    cdef Slice text
    cdef bint priced = False
    memset(line, 0, sizeof(AskedLine))
    line.other_minor = -1
    while r.at < r.end:
        begin = r.at
        tag = read_varint(&r)
        if r.bad or tag < last or (tag == last and tag != (7 << 3 | BYTES)):
            return False
        last = tag
        if tag == (1 << 3 | BYTES):
            line.line_id = read_bytes(&r)
        elif tag == (2 << 3 | BYTES):
            read_bytes(&r)
            line.sku.at = begin
            line.sku.size = r.at - begin
        elif tag == (3 << 3 | VARINT):
            line.quantity = <i64>read_varint(&r)
        elif tag == (4 << 3 | VARINT):
            line.unit_minor = <i64>read_varint(&r)
            line.price.at = begin
            line.price.size = r.at - begin
            priced = True
        elif tag == (5 << 3 | BYTES) or tag == (6 << 3 | BYTES) or tag == (7 << 3 | BYTES):
            read_bytes(&r)
            if line.rest.size == 0:
                line.rest.at = begin
            line.rest.size = r.at - line.rest.at
        elif tag == (8 << 3 | BYTES):
            line.store_id = read_bytes(&r)
        elif tag == (9 << 3 | VARINT):
            # An int32: a negative one comes as 64 bits, of which the lower ones count.
            line.position = <int>read_varint(&r)
        elif tag == (11 << 3 | VARINT):
            line.floor_minor = <i64>read_varint(&r)
        elif tag == (12 << 3 | VARINT):
            line.outside_minor = <i64>read_varint(&r)
        elif tag == (13 << 3 | VARINT):
            line.other_minor = <i64>read_varint(&r)
            if line.other_minor < 0:
                return False
        else:
            return False
        if r.bad:
            return False
    return (
        priced
        and line.sku.size > 0
        and 1 <= line.quantity <= QUANTITY_MAX
        and 0 <= line.unit_minor <= LINE_MINOR_MAX // line.quantity
        and 0 <= line.floor_minor <= LINE_MINOR_MAX // line.quantity
        and line.other_minor <= LINE_MINOR_MAX // line.quantity
        and 0 <= line.outside_minor <= line.unit_minor * line.quantity
        and plain_text(line.line_id, 1, 64)
        and plain_text(line.store_id, 0, 100)
        and line.sku.size + line.price.size + line.rest.size <= KEY_MAX
    )


cdef bint read_credential(Slice whole, AskedCredential* credential) noexcept nogil:
    cdef Reader r = reader_of(whole)
    cdef u64 tag, last = 0
    memset(credential, 0, sizeof(AskedCredential))
    credential.expires_us = NO_END
    while r.at < r.end:
        tag = read_varint(&r)
        if r.bad or tag <= last:
            return False
        last = tag
        if tag == (1 << 3 | BYTES):
            credential.credential_id = read_bytes(&r)
        elif tag == (2 << 3 | BYTES):
            credential.activity_id = read_bytes(&r)
        elif tag == (3 << 3 | BYTES):
            if not read_instant(read_bytes(&r), &credential.expires_us):
                return False
        else:
            return False
        if r.bad:
            return False
    return plain_text(credential.credential_id, 1, 100) and plain_text(
        credential.activity_id, 1, 100
    )


cdef bint read_delivery(Slice whole, AskedDelivery* delivery) noexcept nogil:
    cdef Reader r = reader_of(whole)
    cdef u64 tag, last = 0
    cdef bint priced = False
    memset(delivery, 0, sizeof(AskedDelivery))
    while r.at < r.end:
        tag = read_varint(&r)
        if r.bad or tag <= last:
            return False
        last = tag
        if tag == (1 << 3 | BYTES):
            delivery.delivery_id = read_bytes(&r)
        elif tag == (2 << 3 | VARINT):
            delivery.fee_minor = <i64>read_varint(&r)
            priced = True
        elif tag == (3 << 3 | BYTES):
            delivery.method = read_bytes(&r)
        else:
            return False
        if r.bad:
            return False
    return (
        priced
        and 0 <= delivery.fee_minor <= LINE_MINOR_MAX
        and plain_text(delivery.delivery_id, 1, 64)
        and plain_text(delivery.method, 0, 50)
    )


cdef bint read_request(Slice whole) noexcept nogil:
    """Whether the request is one of the usual; then it stands in `ask`."""
    cdef Reader r = reader_of(whole)
    cdef u64 tag
    cdef u64 seen = 0
    cdef Slice part
    cdef i64 list_minor = 0, other_minor = 0
    cdef AskedLine* line
    ask.currency.size = ask.user_id.size = ask.store_id.size = ask.channel.size = 0
    ask.at_us = ask.basis = 0
    ask.line_count = ask.delivery_count = ask.group_count = ask.credential_count = 0
    while r.at < r.end:
        tag = read_varint(&r)
        if r.bad:
            return False
        if tag == (2 << 3 | BYTES):
            part = read_bytes(&r)
            if r.bad or ask.line_count == LINES_MAX:
                return False
            line = &ask.lines[ask.line_count]
            if not read_line(part, line):
                return False
            list_minor += line.unit_minor * line.quantity
            if line.other_minor > 0:
                other_minor += line.other_minor * line.quantity
            ask.line_count += 1
            continue
        if tag == (4 << 3 | BYTES):
            part = read_bytes(&r)
            if r.bad or ask.group_count == GROUPS_MAX or not plain_text(part, 0, 100):
                return False
            ask.groups[ask.group_count] = part
            ask.group_count += 1
            continue
        if tag == (7 << 3 | BYTES):
            part = read_bytes(&r)
            if r.bad or ask.credential_count == CREDENTIALS_MAX:
                return False
            if not read_credential(part, &ask.credentials[ask.credential_count]):
                return False
            ask.credential_count += 1
            continue
        if tag == (12 << 3 | BYTES):
            part = read_bytes(&r)
            if r.bad or ask.delivery_count == DELIVERIES_MAX:
                return False
            if not read_delivery(part, &ask.deliveries[ask.delivery_count]):
                return False
            list_minor += ask.deliveries[ask.delivery_count].fee_minor
            ask.delivery_count += 1
            continue
        if tag > (16 << 3 | BYTES) or seen & (<u64>1 << (tag >> 3)):
            return False
        seen |= <u64>1 << (tag >> 3)
        if tag == (1 << 3 | BYTES):
            ask.currency = read_bytes(&r)
        elif tag == (3 << 3 | BYTES):
            ask.user_id = read_bytes(&r)
        elif tag == (5 << 3 | BYTES):
            ask.store_id = read_bytes(&r)
        elif tag == (6 << 3 | BYTES):
            ask.channel = read_bytes(&r)
        elif tag == (8 << 3 | BYTES):
            if not read_instant(read_bytes(&r), &ask.at_us):
                return False
        elif tag == (16 << 3 | VARINT):
            ask.basis = <i64>read_varint(&r)
            if not 0 <= ask.basis <= 2:
                return False
        else:
            return False
        if r.bad:
            return False
    ask.has_instant = (seen >> 8) & 1
    return (
        ask.line_count + ask.delivery_count > 0
        and list_minor <= VALUE_MAX
        and other_minor <= VALUE_MAX
        and plain_text(ask.currency, 3, 3)
        and plain_text(ask.user_id, 0, 100)
        and plain_text(ask.store_id, 0, 100)
        and plain_text(ask.channel, 0, 50)
        and all_different()
    )


cdef short id_places[IDS]    # number of the name from 1; a table of open addresses
cdef Slice id_names[ROWS_MAX]


cdef bint all_different() noexcept nogil:
    """Whether no two lines or deliveries, and no two credentials, have the same name."""
    cdef int i
    memset(id_places, 0, sizeof(id_places))
    for i in range(ask.line_count):
        if not is_new(ask.lines[i].line_id, i):
            return False
    for i in range(ask.delivery_count):
        if not is_new(ask.deliveries[i].delivery_id, ask.line_count + i):
            return False
    if ask.credential_count > 1:
        memset(id_places, 0, sizeof(id_places))
        for i in range(ask.credential_count):
            if not is_new(ask.credentials[i].credential_id, i):
                return False
    return True


cdef bint is_new(Slice name, int number) noexcept nogil:
    cdef unsigned int at = 2_166_136_261U
    cdef i64 i
    for i in range(name.size):
        at = (at ^ name.at[i]) * 16_777_619U
    at ^= at >> 15
    while id_places[at % IDS]:
        if same(name, id_names[id_places[at % IDS] - 1]):
            return False
        at += 1
    id_names[number] = name
    id_places[at % IDS] = number + 1
    return True


cdef inline bint same(Slice a, Slice b) noexcept nogil:
    return a.size == b.size and memcmp(a.at, b.at, a.size) == 0


cdef inline int compared(Slice a, Slice b) noexcept nogil:
    cdef int order = memcmp(a.at, b.at, a.size if a.size < b.size else b.size)
    return order if order else (a.size > b.size) - (a.size < b.size)


cdef Slice slice_of(bytes text):
    cdef Slice found
    found.at = <const unsigned char*>PyBytes_AS_STRING(text)
    found.size = PyBytes_GET_SIZE(text)
    return found


cdef str text_of(Slice text):
    return PyBytes_FromStringAndSize(<const char*>text.at, text.size).decode()


# --- what is known of activities and products -------------------------------------------------

cdef struct Act:
    # An activity, as carts ask it. Its texts are held alive by the table's `activities`.
    i64 starts_us, ends_us, basis, lead
    i64 list_count
    bint held, windows, users, channels, stores, book
    bint asks               # windows, users or channels
    bint delivers           # it is for deliveries alone
    bint lists_products     # it has lists of its own that are not of deliveries
    bint grouped            # the policy has a place for it
    bint credential
    bint beside             # it says who may act beside it
    unsigned char currency[3]
    StepRow step            # lines and lists not counted yet
    const i64* effect_of    # from the kernel's effects to the spec's
    const i64* funders      # numbers of its funders
    i64 funder_count
    int layer
    Slice activity_id
    Slice head              # AppliedActivity's fields 1 to 4
    Slice group             # the group's name


cdef class Offer:
    """What a price book has in force for a product in a store, from one instant to another."""

    cdef i64 from_us, until_us
    cdef EntryRow* entries
    cdef int count
    cdef unsigned char key[OFFER_KEY_MAX]    # of which book and store
    cdef i64 key_size

    def __dealloc__(self):
        free(self.entries)


cdef Offer offer_of(object entries, str sku, object sets, i64 at_us):
    """What is offered then, and until when that stands."""
    cdef Offer offer = Offer()
    found = entries.offered(sku, sets, at_us)
    until_us = entries.next_change_us(sku, sets, at_us)
    offer.from_us = at_us
    offer.until_us = NO_END if until_us is None else until_us
    offer.entries = <EntryRow*>malloc((len(found) + 1) * sizeof(EntryRow))
    if offer.entries == NULL:
        raise MemoryError
    for kind, value, per in found:
        offer.entries[offer.count].kind = kind
        offer.entries[offer.count].value = value
        offer.entries[offer.count].per = per
        offer.count += 1
    return offer


cdef class Product:
    """What a product with these facts touches."""

    cdef int* acts          # open activities, then ...
    cdef int open_count
    cdef int* credentials   # ... those that want a credential
    cdef int credential_count
    cdef i64 from_us        # what had ended by then is left out
    cdef i64 sku_number
    cdef str sku
    cdef object facts
    cdef dict listed        # by activity: bits of its own lists that hold the product
    cdef Offer last_offer
    cdef dict offers        # by number of a price book and store: what was offered when last asked

    def __dealloc__(self):
        free(self.acts)
        free(self.credentials)


cdef struct Chosen:
    # An activity that is to act.
    int act
    int credential          # number of the request's, -1 none
    int twin                # the next of the same activity: its place plus one, 0 none
    i64 expires_us
    int line_count
    u64 lines[WORDS]
    int first_entry         # of a price book, in `Table.entries`


cdef class Table:
    """One catalogue under one policy."""

    cdef object catalogue, policy, index
    cdef list activities    # by number: (LiveActivity, what keeps the texts of its Act alive)
    cdef dict number_of     # from activity_id to number
    cdef dict named         # the same of those that want a credential, from the name's bytes
    cdef dict exclusions    # numbers of exclusion groups; "" is none
    cdef dict delivered     # by activity and method: bits of its lists that hold such deliveries
    cdef dict products      # from the wire bytes of the facts
    cdef dict sku_numbers, store_sets, in_stores
    cdef list funder_names
    cdef dict funder_numbers
    cdef list books         # (number, entries), those that may act longest first
    cdef Act* acts
    cdef int act_count, act_room
    cdef int* slot_of       # by activity: its place among the chosen plus one, in this cart;
    #                         -1: it does not act; 0: not looked at yet
    cdef int* looked        # those that are not 0
    cdef int looked_count
    cdef Chosen* chosen
    cdef int chosen_count, chosen_room
    cdef bytes policy_id
    cdef i64 policy_version, version
    cdef Problem problem
    cdef Workspace* space
    cdef list kept          # arrays that `problem` points into
    cdef i64* lines
    cdef i64 line_room
    cdef StepRow* steps
    cdef EntryRow* entries        # as they were found, then in the steps' order
    cdef EntryRow* step_entries
    cdef int entry_count, entry_room
    cdef i64* list_ends
    cdef i64 list_end_count, list_end_room
    cdef i64* list_lines
    cdef i64 list_line_count, list_line_room
    cdef i64* facts
    cdef i64 fact_count, fact_room
    cdef i64* funder_sums          # what each funder of each step pays, step after step
    cdef i64* sum_first            # where a step's funders begin there
    cdef i64 funder_room
    cdef int* place_of             # by step: where it stands among those that applied
    cdef int applied_room
    cdef i64* take_next            # by take: the one before it on the same line; -1 none
    cdef i64* take_share           # by take: where its shares begin
    cdef i64 take_room
    cdef i64 take_last[ROWS_MAX]
    cdef i64 lists_of_line[LINES_MAX]   # bits of the own lists of the activity that is looked at
    cdef int row_of[ROWS_MAX]       # from the request's number, deliveries after lines
    cdef CartRow cart[ROWS_MAX]
    cdef int delivery_order[DELIVERIES_MAX]
    cdef int order[LINES_MAX]      # from the kernel's number of a line to the request's
    cdef PyObject* product_of[LINES_MAX]   # by the request's number; borrowed from `products`
    cdef Writer writer

    def __cinit__(self, catalogue, policy):
        self.catalogue = catalogue
        self.policy = policy
        self.index = catalogue.index
        self.activities = []
        self.number_of = {}
        self.named = {}
        self.exclusions = {"": 0}
        self.delivered = {}
        self.products = {}
        self.sku_numbers = {}
        self.store_sets = {}
        self.in_stores = {}
        self.funder_names = []
        self.funder_numbers = {}
        self.books = None
        self.policy_id = policy.spec.policy_id.encode()
        self.policy_version = policy.spec.version
        self.version = catalogue.version
        self.kept = []
        self.space = open_workspace()
        if self.space == NULL:
            raise MemoryError
        self._point()

    def __dealloc__(self):
        close_workspace(self.space)
        free(self.problem.needs)
        free(self.acts)
        free(self.slot_of)
        free(self.looked)
        free(self.chosen)
        free(self.lines)
        free(self.steps)
        free(self.entries)
        free(self.step_entries)
        free(self.list_ends)
        free(self.list_lines)
        free(self.facts)
        free(self.funder_sums)
        free(self.sum_first)
        free(self.place_of)
        free(self.take_next)
        free(self.take_share)
        free(self.writer.memory)

    cdef void _point(self):
        """The arrays of catalogue and policy as the kernel reads them."""
        cdef Problem* p = &self.problem
        programs, tree = self.catalogue.programs, self.policy.tree
        memset(p, 0, sizeof(Problem))
        p.heads = <const Head*>self._ints(programs.heads, sizeof(Head), &p.head_count)
        p.conds = <const Cond*>self._ints(programs.conds, sizeof(Cond), &p.cond_count)
        p.effects = <const Effect*>self._ints(programs.effects, sizeof(Effect), &p.effect_count)
        p.tiers = <const Tier*>self._ints(programs.tiers, sizeof(Tier), &p.tier_count)
        p.components = <const Component*>self._ints(
            programs.components, sizeof(Component), &p.component_count
        )
        p.funder_bps = self._ints(programs.funder_bps, sizeof(i64), &p.bps_count)
        p.groups = <const Group*>self._ints(tree.groups, sizeof(Group), &p.group_count)
        p.money = <const Money*>self._ints(tree.money, sizeof(Money), &p.money_count)
        p.tree_node_limit = tree.node_limit
        p.needs = <Needs*>calloc(<size_t>p.head_count + 1, sizeof(Needs))
        p.off_max_minor = -1
        p.cart = self.cart

    cdef const i64* _ints(self, object numbers, size_t row, i64* count):
        cdef array.array found = <array.array?>numbers
        self.kept.append(found)
        count[0] = len(found) * sizeof(i64) // row
        return <const i64*>found.data.as_longlongs

    # --- what is asked of the catalogue once ---------------------------------------------------

    cdef int _number(self, object activity) except -1:
        """The activity's number here; made known if it is not yet."""
        cdef PyObject* known = PyDict_GetItem(self.number_of, activity.activity_id)
        cdef int number
        cdef Act* act
        if known != NULL:
            return <object>known
        number = self.act_count
        if number == self.act_room:
            self.act_room = 2 * self.act_room + 64
            self.acts = <Act*>realloc(self.acts, self.act_room * sizeof(Act))
            self.slot_of = <int*>realloc(self.slot_of, self.act_room * sizeof(int))
            self.looked = <int*>realloc(self.looked, self.act_room * sizeof(int))
            if self.acts == NULL or self.slot_of == NULL or self.looked == NULL:
                raise MemoryError
        act = &self.acts[number]
        memset(act, 0, sizeof(Act))
        self.slot_of[number] = 0
        exclusion = self.exclusions.setdefault(activity.exclusion_group, len(self.exclusions))
        found = hot_activity(self.catalogue, self.policy, activity, exclusion)
        texts = (found, array.array("q", found.effect_of), array.array("q", [
            self._funder(name) for name in activity.funders
        ]))
        act.starts_us, act.ends_us = activity.starts_us, activity.ends_us
        act.basis, act.lead = found.basis, found.lead
        act.list_count = len(activity.lists)
        act.held, act.windows = activity.held, bool(activity.weekly_windows)
        act.users = activity.users is not None
        act.channels, act.stores = bool(activity.channels), activity.stores is not None
        act.book, act.credential = activity.is_book, activity.credential
        act.asks = act.windows or act.users or act.channels
        act.delivers = activity.products is None
        act.lists_products = found.lists_products
        act.grouped, act.beside = found.grouped, found.beside
        memcpy(act.currency, PyBytes_AS_STRING(found.currency), 3)
        self._step(act, found.step)
        act.effect_of = (<array.array>texts[1]).data.as_longlongs
        act.funders = (<array.array>texts[2]).data.as_longlongs
        act.funder_count = len(activity.funders)
        act.layer = found.layer
        act.activity_id = slice_of(found.activity_id)
        act.head, act.group = slice_of(found.head), slice_of(found.group)
        self.activities.append((activity, texts))
        self.number_of[activity.activity_id] = number
        self.act_count += 1
        return number

    cdef void _step(self, Act* act, object numbers):
        cdef i64* field = <i64*>&act.step
        cdef i64 number
        for place, number in enumerate(numbers):
            field[place] = number

    cdef int _funder(self, str name) except -1:
        number = self.funder_numbers.get(name)
        if number is None:
            number = self.funder_numbers[name] = len(self.funder_names)
            self.funder_names.append((name, name.encode()))
        return number

    cdef Product _product(self, AskedLine* line):
        """What the line's product touches; None if the facts are not for us to judge."""
        cdef unsigned char key[KEY_MAX]
        cdef i64 size = line.sku.size
        cdef PyObject* known
        cdef Product product
        memcpy(key, line.sku.at, line.sku.size)
        memcpy(key + size, line.price.at, line.price.size)
        size += line.price.size
        memcpy(key + size, line.rest.at, line.rest.size)
        size += line.rest.size
        facts_bytes = PyBytes_FromStringAndSize(<const char*>key, size)
        known = PyDict_GetItem(self.products, facts_bytes)
        if known != NULL:
            product = <Product>known
            if product.from_us <= ask.at_us:
                return product
        found = product_facts(self.index, facts_bytes)
        if found is None:
            return None
        product = self._touched(found)
        self.products[facts_bytes] = product
        return product

    cdef Product _touched(self, object facts):
        cdef Product product = Product()
        touching = [a for a in self.index.touching(facts) if a.until_us > ask.at_us]
        opened = [self._number(a) for a in touching if not a.credential]
        wanting = [self._number(a) for a in touching if a.credential]
        product.acts = numbers_of(opened)
        product.open_count = len(opened)
        product.credentials = numbers_of(wanting)
        product.credential_count = len(wanting)
        product.from_us = ask.at_us
        product.sku, product.facts = facts.sku, facts
        product.sku_number = self.sku_numbers.setdefault(facts.sku, len(self.sku_numbers))
        product.listed = {}
        product.offers = {}
        return product

    # --- a quote -------------------------------------------------------------------------------

    cdef bytes answer(self):
        """The answer to what stands in `ask`; None if the plain way must give it."""
        cdef const char* flaw
        self.chosen_count = self.entry_count = 0
        if len(self.products) > PRODUCTS_KEPT:
            self.products.clear()  # never in the middle of a cart, which borrows from it
        if not self._place_lines():
            return None
        try:
            if not self._match():
                return None
        finally:
            while self.looked_count:
                self.looked_count -= 1
                self.slot_of[self.looked[self.looked_count]] = 0
        self._sort()
        if not self._rows():
            return None
        flaw = price_c(&self.problem, self.space)
        if flaw != NULL:
            return None
        return self._written()

    cdef bint _place_lines(self) except -1:
        """Sorts lines and deliveries, and finds the products. 0 if one is not for us."""
        cdef int i, j, number
        cdef AskedLine* line
        cdef Product product
        cdef CartRow* row
        for i in range(ask.line_count):
            j = i
            while j > 0 and line_before(i, self.order[j - 1]):
                self.order[j] = self.order[j - 1]
                j -= 1
            self.order[j] = i
        for i in range(ask.line_count):
            product = self._product(&ask.lines[i])
            if product is None:
                return 0
            self.product_of[i] = <PyObject*>product
        for i in range(ask.line_count):
            number = self.order[i]
            line = &ask.lines[number]
            row = &self.cart[i]
            row.unit_minor, row.quantity = line.unit_minor, line.quantity
            row.outside_minor = line.outside_minor
            row.floor_minor = line.floor_minor * line.quantity
            if row.floor_minor > line.unit_minor * line.quantity - line.outside_minor:
                row.floor_minor = line.unit_minor * line.quantity - line.outside_minor
            row.other_minor = line.other_minor
            row.product = (<Product>self.product_of[number]).sku_number
            row.delivery = 0
        for i in range(ask.delivery_count):
            j = i
            while j > 0 and delivery_before(i, self.delivery_order[j - 1]):
                self.delivery_order[j] = self.delivery_order[j - 1]
                j -= 1
            self.delivery_order[j] = i
        for i in range(ask.delivery_count):
            row = &self.cart[ask.line_count + i]
            memset(row, 0, sizeof(CartRow))
            row.unit_minor = ask.deliveries[self.delivery_order[i]].fee_minor
            row.quantity = row.delivery = 1
            row.other_minor = -1
        return 1

    cdef bint _match(self) except -1:
        """Chooses what is to act. 0 if a credential is of no use: why, others say."""
        cdef int i, j, act, slot
        cdef Product product
        cdef Chosen* chosen
        for i in range(ask.credential_count):
            if not self._present(i):
                return 0
        if ask.credential_count:
            self._present_lines()
        for i in range(ask.line_count):
            product = <Product>self.product_of[self.order[i]]
            for j in range(product.open_count):
                act = product.acts[j]
                slot = self.slot_of[act]
                if slot == 0:
                    slot = self._judged(act)
                    self.slot_of[act] = slot
                    self.looked[self.looked_count] = act
                    self.looked_count += 1
                if slot > 0:
                    chosen = &self.chosen[slot - 1]
                    chosen.lines[i >> 6] |= <u64>1 << (i & 63)
        self._book()
        if ask.delivery_count:
            self._deliver()
        return self._in_stores()

    cdef int _judged(self, int number) except -3:
        """The place among the chosen plus one; -1 if it does not act."""
        cdef Act* act = &self.acts[number]
        if act.held or ask.at_us < act.starts_us or ask.at_us >= act.ends_us:
            return -1
        # Who has other amounts for some carts may have them for this currency.
        if memcmp(act.currency, ask.currency.at, 3) != 0 and not act.beside:
            return -1
        if act.basis and act.basis != ask.basis:
            return -1
        if not act.grouped or (act.asks and not self._welcome(act, number)):
            return -1
        return self._choose(number, -1, NO_END) + 1

    cdef bint _welcome(self, const Act* act, int number) except -1:
        """Whether it runs at this hour, in this channel, for this shopper."""
        activity = (<tuple>self.activities[number])[0]
        if act.windows and activity.dormant(ask.at_us) is not None:
            return 0
        if act.channels and text_of(ask.channel) not in activity.channels:
            return 0
        return not act.users or self.catalogue.in_audience(
            activity, text_of(ask.user_id), [text_of(ask.groups[i]) for i in range(ask.group_count)]
        )

    cdef int _choose(self, int act, int credential, i64 expires_us) except -1:
        cdef Chosen* chosen
        if self.chosen_count == self.chosen_room:
            self.chosen_room = 2 * self.chosen_room + 64
            self.chosen = <Chosen*>realloc(self.chosen, self.chosen_room * sizeof(Chosen))
            if self.chosen == NULL:
                raise MemoryError
        chosen = &self.chosen[self.chosen_count]
        memset(chosen, 0, sizeof(Chosen))
        chosen.act, chosen.credential, chosen.expires_us = act, credential, expires_us
        chosen.first_entry = -1
        self.chosen_count += 1
        return self.chosen_count - 1

    cdef bint _present(self, int number) except -1:
        """A credential of the request. 0 unless its activity is to act: why not, others say."""
        cdef AskedCredential* shown = &ask.credentials[number]
        cdef int act, slot
        cdef Chosen* chosen
        if shown.expires_us <= ask.at_us:
            return 0
        act = self._named(shown.activity_id)
        if act < 0:
            return 0
        slot = self._judged(act)
        if slot <= 0:
            return 0
        chosen = &self.chosen[slot - 1]
        chosen.credential, chosen.expires_us = number, shown.expires_us
        if self.acts[act].delivers:
            return self._delivered(act, chosen)
        if self.slot_of[act] == 0:
            self.looked[self.looked_count] = act
            self.looked_count += 1
        chosen.twin = self.slot_of[act]
        self.slot_of[act] = slot
        return 1

    cdef int _named(self, Slice name) except -2:
        """The number of the activity that wants a credential and has this name; -1 if none has."""
        name_bytes = PyBytes_FromStringAndSize(<const char*>name.at, name.size)
        cdef PyObject* known = PyDict_GetItem(self.named, name_bytes)
        if known != NULL:
            return <object>known
        activity = self.catalogue.activities.get(name_bytes.decode())
        if activity is None or not activity.credential:
            return -1
        number = self.named[name_bytes] = self._number(activity)
        return number

    cdef void _present_lines(self):
        """Gives those that were presented for products their lines."""
        cdef int i, j, slot
        cdef Product product
        for i in range(ask.line_count):
            product = <Product>self.product_of[self.order[i]]
            for j in range(product.credential_count):
                slot = self.slot_of[product.credentials[j]]
                while slot > 0:
                    self.chosen[slot - 1].lines[i >> 6] |= <u64>1 << (i & 63)
                    slot = self.chosen[slot - 1].twin

    cdef int _book(self) except -1:
        """Chooses price books with entries for the cart's products."""
        cdef int i, book, slot
        cdef i64 best, off
        cdef Chosen* chosen
        cdef EntryRow* entry
        cdef Offer offer
        cdef const EntryRow* offered
        cdef int k
        if self.books is None:
            known = self.catalogue.books
            self.books = [
                (self._number(activity), known[activity.activity_id])
                for activity in self.catalogue.price_books
                if activity.activity_id in known
            ]
        for book, entries in self.books:
            slot = self._judged(book)
            if slot <= 0:
                continue
            chosen = &self.chosen[slot - 1]
            chosen.first_entry = self.entry_count
            for i in range(ask.line_count):
                if self.acts[book].stores and not self._in_store(book, i):
                    continue
                offer = self._offered(book, entries, i)
                if not offer.count:
                    continue
                chosen.lines[i >> 6] |= <u64>1 << (i & 63)
                if self.entry_count == self.entry_room:
                    self.entry_room = 2 * self.entry_room + LINES_MAX
                    self.entries = <EntryRow*>realloc(
                        self.entries, self.entry_room * sizeof(EntryRow)
                    )
                    self.step_entries = <EntryRow*>realloc(
                        self.step_entries, self.entry_room * sizeof(EntryRow)
                    )
                    if self.entries == NULL or self.step_entries == NULL:
                        raise MemoryError
                entry = &self.entries[self.entry_count]
                best = 0
                for k in range(offer.count):
                    offered = offer.entries + k
                    off = off_entry(offered.kind, offered.value, offered.per, &self.cart[i])
                    if k == 0 or off > best:
                        best = off
                        entry[0] = offered[0]
                self.entry_count += 1
        return 0

    cdef int _deliver(self) except -1:
        """Chooses what acts on deliveries and needs no credential."""
        cdef int slot
        for activity in self.catalogue.deliverers:
            if activity.until_us <= ask.at_us:
                break  # so are all behind it
            if not activity.credential:
                slot = self._judged(self._number(activity))
                if slot > 0:
                    self._delivered(self.chosen[slot - 1].act, &self.chosen[slot - 1])
        return 0

    cdef bint _delivered(self, int act, Chosen* chosen) except -1:
        """Gives it the deliveries it is for; whether there are any."""
        cdef int i, row
        cdef bint found = False
        for i in range(ask.delivery_count):
            row = ask.line_count + i
            if self._delivery_lists(act, row):
                chosen.lines[row >> 6] |= <u64>1 << (row & 63)
                found = True
        return found

    cdef i64 _delivery_lists(self, int act, int row) except -1:
        """Bits of the activity's lists that hold the delivery."""
        cdef Slice method = ask.deliveries[self.delivery_order[row - ask.line_count]].method
        key = (act, PyBytes_FromStringAndSize(<const char*>method.at, method.size))
        known = self.delivered.get(key)
        if known is None:
            if len(self.delivered) >= PRODUCTS_KEPT:
                self.delivered.clear()
            activity = (<tuple>self.activities[act])[0]
            known = self.delivered[key] = lists_of_delivery(activity, self._method(row))
        return known

    cdef str _method(self, int row):
        return text_of(ask.deliveries[self.delivery_order[row - ask.line_count]].method)

    cdef Slice _store(self, int row):
        """The store of a row: a line's own, or else the cart's."""
        cdef AskedLine* line
        if row < ask.line_count:
            line = &ask.lines[self.order[row]]
            if line.store_id.size:
                return line.store_id
        return ask.store_id

    cdef Offer _offered(self, int book, object entries, int line):
        """What the book offers for the line's product. Asked once while that stands."""
        cdef Slice store = self._store(line)
        cdef Product product = <Product>self.product_of[self.order[line]]
        cdef unsigned char key[OFFER_KEY_MAX]
        cdef PyObject* known
        cdef Offer offer
        memcpy(key, &book, sizeof(int))
        memcpy(key + sizeof(int), store.at, store.size)
        # Mostly it is the same book and store as the last time: that takes no object.
        offer = product.last_offer
        if (
            offer is not None
            and offer.key_size == <i64>sizeof(int) + store.size
            and memcmp(offer.key, key, offer.key_size) == 0
            and offer.from_us <= ask.at_us < offer.until_us
        ):
            return offer
        asked = PyBytes_FromStringAndSize(<const char*>key, sizeof(int) + store.size)
        known = PyDict_GetItem(product.offers, asked)
        if known != NULL:
            offer = <Offer>known
            if offer.from_us <= ask.at_us < offer.until_us:
                product.last_offer = offer
                return offer
        if len(product.offers) >= OFFERS_KEPT:
            product.offers.clear()
        offer = offer_of(entries, product.sku, self._store_sets(store), ask.at_us)
        product.offers[asked] = product.last_offer = offer
        offer.key_size = <i64>sizeof(int) + store.size
        memcpy(offer.key, key, offer.key_size)
        return offer

    cdef object _store_sets(self, Slice store):
        """The sets of a price book that hold the store."""
        store_id = PyBytes_FromStringAndSize(<const char*>store.at, store.size)
        sets = self.store_sets.get(store_id)
        if sets is None:
            if len(self.store_sets) >= PRODUCTS_KEPT:
                self.store_sets.clear()
            sets = self.store_sets[store_id] = self.catalogue.entry_store_sets(store_id.decode())
        return sets

    cdef bint _in_store(self, int act, int row) except -1:
        """Whether the activity runs in the row's store."""
        cdef Slice store = self._store(row)
        store_id = PyBytes_FromStringAndSize(<const char*>store.at, store.size)
        key = (act, store_id)
        known = self.in_stores.get(key)
        if known is None:
            if len(self.in_stores) >= PRODUCTS_KEPT:
                self.in_stores.clear()
            activity = (<tuple>self.activities[act])[0]
            known = self.in_stores[key] = self.catalogue.in_store(activity, store_id.decode())
        return known

    cdef bint _in_stores(self) except -1:
        """Takes out lines of stores that activities do not run in, and who is left with none.

        0 if that leaves a credential without a line: why, others say.
        """
        cdef int i, line, kept = 0
        cdef Chosen* chosen
        for i in range(self.chosen_count):
            chosen = &self.chosen[i]
            if self.acts[chosen.act].stores and not self.acts[chosen.act].book:
                for line in range(ask.line_count + ask.delivery_count):
                    if chosen.lines[line >> 6] >> (line & 63) & 1:
                        if not self._in_store(chosen.act, line):
                            chosen.lines[line >> 6] &= ~(<u64>1 << (line & 63))
            chosen.line_count = bits_of(chosen.lines)
            if chosen.line_count:
                self.chosen[kept] = chosen[0]
                kept += 1
            elif chosen.credential >= 0:
                return 0
        self.chosen_count = kept
        return 1

    cdef void _sort(self):
        """Into acting order. Few are chosen, and mostly in order, so insertion is quick."""
        cdef int i, j
        cdef Chosen moved
        for i in range(1, self.chosen_count):
            if not self._before(&self.chosen[i], &self.chosen[i - 1]):
                continue
            moved = self.chosen[i]
            j = i
            while j > 0 and self._before(&moved, &self.chosen[j - 1]):
                self.chosen[j] = self.chosen[j - 1]
                j -= 1
            self.chosen[j] = moved

    cdef inline bint _before(self, const Chosen* a, const Chosen* b):
        cdef const Act* one = &self.acts[a.act]
        cdef const Act* two = &self.acts[b.act]
        cdef int order
        if one.step.group != two.step.group:
            return one.step.group < two.step.group
        if one.lead != two.lead:
            return one.lead < two.lead
        if a.expires_us != b.expires_us:
            return a.expires_us < b.expires_us
        if a.act != b.act:
            order = compared(one.activity_id, two.activity_id)
            return order < 0
        if a.credential < 0 or b.credential < 0:
            return False
        return compared(
            ask.credentials[a.credential].credential_id, ask.credentials[b.credential].credential_id
        ) < 0

    cdef bint _rows(self) except -1:
        """The steps for the kernel. 0 if there are too many, or some say who may act beside them."""
        cdef int i, line, word
        cdef i64 lines = 0, entries = 0
        cdef u64 bits
        cdef Chosen* chosen
        cdef Act* act
        cdef StepRow* step
        cdef Problem* p = &self.problem
        for i in range(self.chosen_count):
            lines += self.chosen[i].line_count
            if self.acts[self.chosen[i].act].beside:
                return 0
        if lines > PAIRS_MAX:
            return 0
        if lines > self.line_room:
            self.line_room = 2 * lines
            self.lines = <i64*>realloc(self.lines, self.line_room * sizeof(i64))
        self.steps = <StepRow*>realloc(self.steps, (self.chosen_count + 1) * sizeof(StepRow))
        if self.steps == NULL or (lines and self.lines == NULL):
            raise MemoryError
        self.list_end_count = self.list_line_count = self.fact_count = 0
        lines = 0
        for i in range(self.chosen_count):
            chosen = &self.chosen[i]
            act = &self.acts[chosen.act]
            step = &self.steps[i]
            step[0] = act.step
            step.lines = chosen.line_count
            if chosen.first_entry >= 0:
                step.entries = 1
                memcpy(
                    self.step_entries + entries,
                    self.entries + chosen.first_entry,
                    chosen.line_count * sizeof(EntryRow),
                )
                entries += chosen.line_count
            for word in range(WORDS):
                bits = chosen.lines[word]
                while bits:
                    self.lines[lines] = 64 * word + lowest_bit(bits)
                    lines += 1
                    bits &= bits - 1
            if step.lists:
                self._list(chosen.act, step.lists)
            if step.facts:
                self._tell(chosen.act)
        p.cart_count, p.step_count = ask.line_count + ask.delivery_count, self.chosen_count
        p.line_count, p.entry_count = lines, entries
        p.list_count, p.list_line_count = self.list_end_count, self.list_line_count
        p.fact_count = self.fact_count
        p.steps, p.lines, p.entries = self.steps, self.lines, self.step_entries
        p.list_ends, p.list_lines, p.facts = self.list_ends, self.list_lines, self.facts
        return 1

    cdef int _list(self, int number, i64 lists) except -1:
        """The lines of an activity's own lists."""
        cdef i64 each, need
        cdef int i
        cdef Product product
        cdef PyObject* known
        need = self.list_line_count + lists * (ask.line_count + ask.delivery_count)
        if need > self.list_line_room:
            self.list_line_room = 2 * need
            self.list_lines = <i64*>realloc(self.list_lines, self.list_line_room * sizeof(i64))
        if self.list_end_count + lists > self.list_end_room:
            self.list_end_room = 2 * (self.list_end_count + lists)
            self.list_ends = <i64*>realloc(self.list_ends, self.list_end_room * sizeof(i64))
        if self.list_lines == NULL or self.list_ends == NULL:
            raise MemoryError
        activity = (<tuple>self.activities[number])[0]
        for i in range(ask.line_count):
            self.lists_of_line[i] = 0
            if not self.acts[number].lists_products:
                continue
            product = <Product>self.product_of[self.order[i]]
            known = PyDict_GetItem(product.listed, number)
            if known == NULL:
                product.listed[number] = lists_of(activity, product.facts)
                known = PyDict_GetItem(product.listed, number)
            self.lists_of_line[i] = <i64>(<object>known)
        for each in range(lists):
            for i in range(ask.line_count):
                if self.lists_of_line[i] >> each & 1:
                    if not self.acts[number].stores or self._in_store(number, i):
                        self.list_lines[self.list_line_count] = i
                        self.list_line_count += 1
            for i in range(ask.line_count, ask.line_count + ask.delivery_count):
                if self._delivery_lists(number, i) >> each & 1:
                    if not self.acts[number].stores or self._in_store(number, i):
                        self.list_lines[self.list_line_count] = i
                        self.list_line_count += 1
            self.list_ends[self.list_end_count] = self.list_line_count
            self.list_end_count += 1
        return 0

    cdef int _tell(self, int number) except -1:
        """What an activity's conditions want to know of the request."""
        activity = (<tuple>self.activities[number])[0]
        shown = frozenset([
            text_of(ask.credentials[i].activity_id) for i in range(ask.credential_count)
        ])
        methods = frozenset([
            self._method(i) for i in range(ask.line_count, ask.line_count + ask.delivery_count)
        ])
        known = Known(values={}, methods=methods or None, presented=shown)
        if self.fact_count + len(activity.facts) > self.fact_room:
            self.fact_room = 2 * (self.fact_count + len(activity.facts))
            self.facts = <i64*>realloc(self.facts, self.fact_room * sizeof(i64))
            if self.facts == NULL:
                raise MemoryError
        for fact in activity.facts:
            self.facts[self.fact_count] = truth(fact, known)
            self.fact_count += 1
        return 0

    # --- the answer ----------------------------------------------------------------------------

    cdef bytes _written(self):
        """The kernel's rows as a QuoteResponse. Fields in descending order, see `_protowire`."""
        cdef Writer* w = &self.writer
        cdef const ResultRow* results = <const ResultRow*>self.space.results.data
        cdef const i64* payable = <const i64*>self.space.payable.data
        cdef i64 list_minor = 0, outside_minor = 0, payable_minor = 0, before
        cdef int i, place
        for i in range(ask.line_count + ask.delivery_count):
            list_minor += self.cart[i].unit_minor * self.cart[i].quantity
            outside_minor += self.cart[i].outside_minor
            payable_minor += payable[i]
        w.at = w.memory + w.room
        w.failed = False
        # Room for nearly every answer at once, so that the checks below seldom find work.
        make_room(w, 16_384)
        self._number_applied(results)
        put_int(w, 22, outside_minor)
        put_int(w, 19, self.policy_version)
        put_text(w, 18, slice_of(self.policy_id))
        put_int(w, 17, self.space.nodes)
        put_int(w, 16, self.space.gap_minor)
        put_int(w, 15, self.space.proven)
        self._put_layers(results)
        if self.space.grants.size:
            self._put_grants()
        self._chain_takes()
        for i in range(ask.line_count + ask.delivery_count - 1, ask.line_count - 1, -1):
            self._put_row(i, payable)
        self._put_funders()
        for i in range(ask.credential_count - 1, -1, -1):
            self._put_not_applied(i, results)
        for i in range(self.chosen_count - 1, -1, -1):
            if results[i].status == APPLIED:
                self._put_applied(i, &results[i])
        for i in range(ask.line_count - 1, -1, -1):
            self._put_row(i, payable)
        put_int(w, 6, payable_minor)
        put_int(w, 5, list_minor - outside_minor - payable_minor)
        put_int(w, 4, list_minor)
        put_int(w, 3, self.version)
        before = written(w)
        self._put_instant()
        put_message(w, 2, before)
        put_text(w, 1, ask.currency)
        if w.failed:
            raise MemoryError
        return PyBytes_FromStringAndSize(<const char*>w.at, written(w))

    cdef void _put_instant(self):
        cdef i64 seconds = ask.at_us // 1_000_000, micros = ask.at_us % 1_000_000
        if micros < 0:
            micros += 1_000_000
            seconds -= 1
        put_int(&self.writer, 2, micros * 1_000)
        put_int(&self.writer, 1, seconds)

    cdef int _number_applied(self, const ResultRow* results) except -1:
        """Where each step that applied stands in the answer, and what its funders pay in all."""
        cdef int i, applied = 0
        cdef i64 funders = 0
        cdef i64 take, funder
        cdef const TakeRow* takes = <const TakeRow*>self.space.takes.data
        cdef const i64* shares = <const i64*>self.space.shares.data
        cdef i64 count = self.space.takes.size // sizeof(TakeRow)
        cdef const Act* act
        if self.chosen_count > self.applied_room:
            self.applied_room = 2 * self.chosen_count
            self.place_of = <int*>realloc(self.place_of, self.applied_room * sizeof(int))
            self.sum_first = <i64*>realloc(self.sum_first, self.applied_room * sizeof(i64))
            if self.place_of == NULL or self.sum_first == NULL:
                raise MemoryError
        for i in range(self.chosen_count):
            self.sum_first[i] = funders
            funders += self.acts[self.chosen[i].act].funder_count
            if results[i].status == APPLIED:
                self.place_of[i] = applied
                applied += 1
        if funders > self.funder_room:
            self.funder_room = 2 * funders
            self.funder_sums = <i64*>realloc(self.funder_sums, self.funder_room * sizeof(i64))
            if self.funder_sums == NULL:
                raise MemoryError
        if funders:
            memset(self.funder_sums, 0, funders * sizeof(i64))
        for take in range(count):
            act = &self.acts[self.chosen[takes[take].step].act]
            for funder in range(act.funder_count):
                self.funder_sums[self.sum_first[takes[take].step] + funder] += shares[funder]
            shares += act.funder_count
        return 0

    cdef void _put_layers(self, const ResultRow* results):
        cdef i64 sums[LAYERS]
        cdef int i
        cdef i64 before
        memset(sums, 0, sizeof(sums))
        for i in range(self.chosen_count):
            sums[self.acts[self.chosen[i].act].layer] += results[i].off_minor
        for i in range(LAYERS - 1, 0, -1):
            if sums[i]:
                before = written(&self.writer)
                put_int(&self.writer, 2, sums[i])
                put_int(&self.writer, 1, i)
                put_message(&self.writer, 14, before)

    cdef int _put_funders(self) except -1:
        """What each funder pays in all, by name."""
        cdef int i
        cdef i64 funder, before
        cdef const Act* act
        cdef dict sums = {}
        for i in range(self.chosen_count):
            act = &self.acts[self.chosen[i].act]
            for funder in range(act.funder_count):
                if self.funder_sums[self.sum_first[i] + funder]:
                    sums[act.funders[funder]] = (
                        sums.get(act.funders[funder], 0)
                        + self.funder_sums[self.sum_first[i] + funder]
                    )
        names = self.funder_names
        for number in sorted(sums, key=names.__getitem__, reverse=True) if len(sums) > 1 else sums:
            before = written(&self.writer)
            put_int(&self.writer, 2, sums[number])
            put_text(&self.writer, 1, slice_of(names[number][1]))
            put_message(&self.writer, 10, before)
        return 0

    cdef void _put_not_applied(self, int credential, const ResultRow* results):
        """The step of a credential, if it gave nothing."""
        cdef Writer* w = &self.writer
        cdef int i
        cdef const Act* act
        cdef const ResultRow* result
        cdef i64 before = written(w)
        for i in range(self.chosen_count):
            if self.chosen[i].credential == credential:
                break
        else:
            return
        result = &results[i]
        if result.status == APPLIED:
            return
        act = &self.acts[self.chosen[i].act]
        put_text(w, 11, act.group)
        put_int(w, 10, result.base_minor)
        put_int(w, 8, result.beaten_minor)
        if result.beaten_by >= 0:
            put_text(w, 7, self.acts[self.chosen[result.beaten_by].act].activity_id)
        if result.status == CONDITION_NOT_MET:
            put_int(w, 6, result.actual)
            put_int(w, 5, result.required)
            put_int(w, 4, result.measure)
        put_int(w, 3, reason_of(result.status))
        put_text(w, 2, ask.credentials[credential].credential_id)
        put_text(w, 1, act.activity_id)
        put_message(w, 9, before)

    cdef void _put_applied(self, int i, const ResultRow* result):
        cdef Writer* w = &self.writer
        cdef const Act* act = &self.acts[self.chosen[i].act]
        cdef i64 before = written(w), inside
        cdef i64 funder
        put_text(w, 13, act.group)
        put_int(w, 12, result.cut_minor)
        put_int(w, 11, result.clamped_minor)
        put_int(w, 10, result.times)
        put_int(w, 9, result.tier)
        for funder in range(act.funder_count - 1, -1, -1):
            inside = written(w)
            put_int(w, 2, self.funder_sums[self.sum_first[i] + funder])
            put_text(w, 1, slice_of((<tuple>self.funder_names[act.funders[funder]])[1]))
            put_message(w, 8, inside)
        put_int(w, 7, result.off_minor)
        put_int(w, 6, result.base_minor)
        if self.chosen[i].credential >= 0:
            put_text(w, 5, ask.credentials[self.chosen[i].credential].credential_id)
        put_raw(w, act.head.at, act.head.size)
        put_message(w, 8, before)

    cdef int _put_grants(self) except -1:
        """Gifts that are added, and what is earned; each by the activity's place."""
        cdef Writer* w = &self.writer
        cdef const GrantRow* grants = <const GrantRow*>self.space.grants.data
        cdef i64 count = self.space.grants.size // sizeof(GrantRow), i, before
        cdef int field
        cdef list found = []
        for i in range(count):
            found.append((self.place_of[grants[i].step], i))
        found.sort(reverse=True)
        for field in (13, 12):
            for place, i in found:
                gift, named, number = (<tuple>self.activities[
                    self.chosen[grants[i].step].act
                ])[1][0].grants[grants[i].effect]
                if gift != (field == 12):
                    continue
                before = written(w)
                if gift:
                    put_int(w, 4, number)
                    put_int(w, 3, grants[i].amount)
                    put_text(w, 2, slice_of(named))
                else:
                    put_int(w, 4, grants[i].amount)
                    put_text(w, 3, slice_of(named))
                    put_int(w, 2, number)
                put_int(w, 1, place)
                put_message(w, field, before)
        return 0

    cdef int _chain_takes(self) except -1:
        """The takes of each row as a chain from the last to the first: the order of writing."""
        cdef const TakeRow* takes = <const TakeRow*>self.space.takes.data
        cdef i64 count = self.space.takes.size // sizeof(TakeRow), take, share = 0
        cdef int row
        if count > self.take_room:
            self.take_room = 2 * count
            self.take_next = <i64*>realloc(self.take_next, self.take_room * sizeof(i64))
            self.take_share = <i64*>realloc(self.take_share, self.take_room * sizeof(i64))
            if self.take_next == NULL or self.take_share == NULL:
                raise MemoryError
        for row in range(ask.line_count):
            self.take_last[row] = -1
            self.row_of[self.order[row]] = row
        for row in range(ask.delivery_count):
            self.take_last[ask.line_count + row] = -1
            self.row_of[ask.line_count + self.delivery_order[row]] = ask.line_count + row
        for take in range(count):
            row = takes[take].line
            self.take_next[take] = self.take_last[row]
            self.take_last[row] = take
            self.take_share[take] = share
            share += self.acts[self.chosen[takes[take].step].act].funder_count
        return 0

    cdef void _put_row(self, int number, const i64* payable):
        """A line of the request, or a delivery, with what was taken off it."""
        cdef Writer* w = &self.writer
        cdef const TakeRow* takes = <const TakeRow*>self.space.takes.data
        cdef const i64* shares = <const i64*>self.space.shares.data
        cdef int place = self.row_of[number]
        cdef CartRow* row = &self.cart[place]
        cdef i64 list_minor = row.unit_minor * row.quantity
        cdef i64 before = written(w), take = self.take_last[place]
        put_int(w, 6, row.outside_minor)
        while take >= 0:
            self._put_adjustment(&takes[take], shares + self.take_share[take], row.quantity)
            take = self.take_next[take]
        put_int(w, 4, payable[place])
        put_int(w, 3, list_minor - row.outside_minor - payable[place])
        put_int(w, 2, list_minor)
        if row.delivery:
            put_text(w, 1, ask.deliveries[number - ask.line_count].delivery_id)
            put_message(w, 11, before)
        else:
            put_text(w, 1, ask.lines[number].line_id)
            put_message(w, 7, before)

    cdef void _put_adjustment(self, const TakeRow* take, const i64* shares, i64 quantity):
        # Hundreds to an answer, so room is made once for all of its varints.
        cdef Writer* w = &self.writer
        cdef const Act* act = &self.acts[self.chosen[take.step].act]
        cdef i64 funder
        cdef unsigned char* at
        cdef unsigned char* end
        cdef unsigned char* inside
        if not make_room(w, 100 + 10 * act.funder_count):
            return
        at = end = w.at
        if take.units != quantity:
            at = int_before(at, 10, take.units)
        if take.unit_first:
            at = int_before(at, 9, take.unit_first)
        if take.application:
            at = int_before(at, 8, take.application)
        if act.effect_of[take.effect]:
            at = int_before(at, 7, act.effect_of[take.effect])
        inside = at
        for funder in range(act.funder_count - 1, -1, -1):
            at = varint_before(at, <u64>shares[funder])
        at = varint_before(at, <u64>(inside - at))
        at -= 1
        at[0] = 6 << 3 | BYTES
        if self.place_of[take.step]:
            at = int_before(at, 5, self.place_of[take.step])
        at = int_before(at, 2, take.off_minor)
        at = varint_before(at, <u64>(end - at))
        at -= 1
        at[0] = 5 << 3 | BYTES
        w.at = at


cdef int* numbers_of(list numbers) except? NULL:
    cdef int* found = <int*>malloc((len(numbers) + 1) * sizeof(int))
    if found == NULL:
        raise MemoryError
    for place, number in enumerate(numbers):
        found[place] = number
    return found


cdef inline bint line_before(int a, int b) noexcept nogil:
    if ask.lines[a].position != ask.lines[b].position:
        return ask.lines[a].position < ask.lines[b].position
    return compared(ask.lines[a].line_id, ask.lines[b].line_id) < 0


cdef inline bint delivery_before(int a, int b) noexcept nogil:
    return compared(ask.deliveries[a].delivery_id, ask.deliveries[b].delivery_id) < 0


cdef inline int bits_of(const u64* words) noexcept nogil:
    cdef int word, count = 0
    for word in range(WORDS):
        count += popcount(words[word])
    return count


cdef i64 off_entry(i64 kind, i64 value, i64 per, const CartRow* row):
    """What an entry takes off the line's list price, as `rangli.pricing.matching` says."""
    if kind == PRICE:
        return (row.unit_minor - value) * row.quantity
    if kind == OFF:
        return share_half_up(value, row.quantity, per, NO_END)
    return share_half_up(row.unit_minor * row.quantity, value, 10_000, NO_END)


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


# --- Python's side ----------------------------------------------------------------------------


cdef class Codec:
    """Quotes on one catalogue, from bytes to bytes. A new catalogue takes a new codec."""

    cdef readonly object catalogue
    cdef object policy_of
    cdef dict tables    # by channel: a Table, None if its policy is not for us

    def __init__(self, catalogue, policy_of):
        """policy_of: from a channel to the policy to use, None if it is not for us."""
        self.catalogue = catalogue
        self.policy_of = policy_of
        self.tables = {}

    def quote(self, bytes request, i64 now_us):
        """The QuoteResponse's bytes for a QuoteRequest's; None: ask the plain way.

        now_us: the instant to price at if the request has none, in microseconds since 1970.
        """
        return self._quote(slice_of(request), now_us)

    cdef bytes _quote(self, Slice request, i64 now_us):
        cdef Table table
        if not read_request(request):
            return None
        if not known_currency(text_of(ask.currency)):
            return None
        channel = PyBytes_FromStringAndSize(<const char*>ask.channel.at, ask.channel.size)
        try:
            found = self.tables[channel]
        except KeyError:
            found = self._table(channel)
        if found is None:
            return None
        table = found
        if not ask.has_instant:
            ask.at_us = now_us
        return table.answer()

    cdef object _table(self, bytes channel):
        policy = self.policy_of(channel.decode())
        table = Table(self.catalogue, policy) if policy is not None else None
        if len(self.tables) < CHANNELS_KEPT:
            self.tables[channel] = table
        return table


def parts(bytes request):
    """The QuoteRequests' bytes in a BatchQuoteRequest's; None if it holds anything else."""
    cdef Reader r = reader_of(slice_of(request))
    cdef Slice part
    cdef list found = []
    while r.at < r.end:
        if read_varint(&r) != (1 << 3 | BYTES):
            return None
        part = read_bytes(&r)
        if r.bad:
            return None
        found.append(PyBytes_FromStringAndSize(<const char*>part.at, part.size))
    return found


def joined(list answers):
    """The bytes of a BatchQuoteResponse with these: (field of Item, bytes of its message)."""
    cdef Writer w
    cdef i64 before
    cdef bytes answer
    memset(&w, 0, sizeof(Writer))
    try:
        for field, answer in reversed(answers):
            before = written(&w)
            put_raw(&w, <const unsigned char*>PyBytes_AS_STRING(answer), PyBytes_GET_SIZE(answer))
            put_message(&w, field, before)
            put_message(&w, 1, before)
        if w.failed:
            raise MemoryError
        return PyBytes_FromStringAndSize(<const char*>w.at, written(&w))
    finally:
        free(w.memory)
