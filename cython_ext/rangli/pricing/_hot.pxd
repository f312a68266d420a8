# cython: language_level=3, cdivision=True
"""What is known of one catalogue's activities and products, compiled as carts ask for it.

Everything is asked of the catalogue once, through `rangli.pricing.codec_rpc.HotCatalogue` (`source`
below), and kept under numbers: activities as long as the catalogue, what comes with requests
(products, stores, delivery methods) until there is too much of it.
"""

from cpython cimport array
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from rangli.pricing._money cimport i64
from rangli.pricing._names cimport (
    Names, Pairs, Shelf, add_name, clear_names, clear_pairs, clear_shelf, copied, hash_of, nothing,
    number_of, shelved, slice_of, text_of,
)
from rangli.pricing._protowire cimport Slice, u64
from rangli.pricing._request cimport NO_END
from rangli.pricing._rows cimport (
    Component, Cond, Effect, EntryRow, Group, Head, Money, StepRow, Tier,
)
from rangli.pricing._work cimport Needs, Problem

cdef enum:
    KEPT_MAX = 65_536            # products, stores or methods
    KEPT_BYTES_MAX = 33_554_432  # of them all
    OFFERS_KEPT = 256            # of one product: of some stores, or of a year's weeks


cdef struct Grant:
    # What one of the kernel's effects gives beside the price. number: worth or kind.
    bint known, gift
    Slice name
    i64 number


cdef struct Act:
    # An activity, as carts ask it.
    i64 starts_us, ends_us, lead
    int group, basis, layer, funder_count
    int room                # more bytes than its AppliedActivity takes
    bint asks               # for windows, users or channels, or as it is slowed
    bint slowed             # its pools leave it to a part of the shoppers
    bint held, stores, book, grouped
    bint delivers           # it is for deliveries alone
    bint lists_products     # it has lists of its own that are not of deliveries
    bint beside             # it has what only the plain way knows
    unsigned char currency[3]
    const int* funders      # their numbers
    const int* effect_of    # from the kernel's effects to the spec's; NULL: all to the first
    const Grant* grants     # by the kernel's effects; NULL: none
    Slice activity_id
    Slice head              # AppliedActivity's fields 1 to 4
    Slice group_name
    StepRow step            # lines not counted yet


cdef struct Touch:
    # Activities that touch a product: open ones, then those that want a credential.
    const int* acts
    int open_count, count
    int cluster             # of the cart's lines that have it: their number plus one, else 0


cdef struct Offer:
    # What a price book has in force for a product in a store, from one instant to another.
    Offer* next
    i64 from_us, until_us
    int book, store, count
    EntryRow* entries


cdef struct Product:
    i64 from_us             # what had ended by then is left out
    Offer* offers           # of books and stores; the one asked for last stands first
    int sku, touch, offer_count


cdef struct Hot:
    # Of catalogue and policy. `problem` points into their arrays.
    Problem problem
    i64 version, policy_version
    Slice policy_id
    Shelf lasting
    Act* acts
    int* slot_of            # by activity: its place among the chosen plus one, in this cart;
    #                         -1: it does not act; 0: not looked at yet
    int act_count, act_room
    Slice* funders
    int funder_count
    Names named             # activities that want a credential; the value is the number
    int* books              # those that may act longest first; NULL: not asked for yet
    int book_count
    int* deliverers         # likewise of those that act on deliveries alone
    int deliverer_count
    i64 deliverers_from_us  # what had ended by then is left out
    # Of what came with requests.
    u64 seed
    Shelf passing
    Names products, skus, stores, methods
    Names touch_names       # the bytes of a Touch's counts and numbers
    Product* products_kept
    Touch* touches
    int product_room, touch_room
    Pairs listed            # by activity and product: bits of its lists that hold the product
    Pairs delivered         # by activity and method, likewise
    Pairs in_stores         # by activity and store: whether it runs there


cdef inline void close_hot(Hot* hot) noexcept:
    forget_passing(hot)
    clear_shelf(&hot.lasting)
    clear_names(&hot.named)
    free(hot.acts)
    free(hot.slot_of)
    free(hot.funders)
    free(hot.problem.needs)
    memset(hot, 0, sizeof(Hot))


cdef inline void forget_passing(Hot* hot) noexcept:
    clear_shelf(&hot.passing)
    clear_names(&hot.products)
    clear_names(&hot.skus)
    clear_names(&hot.stores)
    clear_names(&hot.methods)
    clear_names(&hot.touch_names)
    clear_pairs(&hot.listed)
    clear_pairs(&hot.delivered)
    clear_pairs(&hot.in_stores)
    free(hot.products_kept)
    free(hot.touches)
    hot.products_kept = NULL
    hot.touches = NULL
    hot.product_room = hot.touch_room = 0


cdef inline bint is_too_much(const Hot* hot) noexcept nogil:
    """Whether what came with requests is to be forgotten; not in the middle of a cart."""
    return (
        hot.passing.bytes > KEPT_BYTES_MAX
        or hot.products.count > KEPT_MAX
        or hot.stores.count > KEPT_MAX
        or hot.methods.count > KEPT_MAX
        or hot.listed.count > KEPT_MAX * 16
        or hot.in_stores.count > KEPT_MAX * 16
        or hot.delivered.count > KEPT_MAX * 16
    )


# --- catalogue and policy ---------------------------------------------------------------------


cdef inline const i64* ints(object numbers, size_t row, i64* count) except? NULL:
    cdef array.array found = <array.array?>numbers
    count[0] = len(found) * sizeof(i64) // row
    return <const i64*>found.data.as_longlongs


cdef inline int open_hot(Hot* hot, object source, u64 seed) except -1:
    """The arrays of catalogue and policy as the kernel reads them; `source` must outlive it."""
    cdef Problem* p = &hot.problem
    programs, tree = source.programs, source.tree
    memset(hot, 0, sizeof(Hot))
    hot.seed = seed
    hot.version, hot.policy_version = source.version, source.policy_version
    hot.policy_id = copied(&hot.lasting, slice_of(source.policy_id), nothing())
    p.heads = <const Head*>ints(programs.heads, sizeof(Head), &p.head_count)
    p.conds = <const Cond*>ints(programs.conds, sizeof(Cond), &p.cond_count)
    p.effects = <const Effect*>ints(programs.effects, sizeof(Effect), &p.effect_count)
    p.tiers = <const Tier*>ints(programs.tiers, sizeof(Tier), &p.tier_count)
    p.components = <const Component*>ints(
        programs.components, sizeof(Component), &p.component_count
    )
    p.funder_bps = ints(programs.funder_bps, sizeof(i64), &p.bps_count)
    p.groups = <const Group*>ints(tree.groups, sizeof(Group), &p.group_count)
    p.money = <const Money*>ints(tree.money, sizeof(Money), &p.money_count)
    p.tree_node_limit = tree.node_limit
    p.off_max_minor = -1
    p.needs = <Needs*>calloc(<size_t>p.head_count + 1, sizeof(Needs))
    if p.needs == NULL:
        raise MemoryError
    return 0


cdef inline int* numbers_on(Shelf* shelf, object numbers) except NULL:
    cdef int* found = <int*>shelved(shelf, (len(numbers) + 1) * sizeof(int))
    for place, number in enumerate(numbers):
        found[place] = number
    return found


cdef inline int compile_acts(Hot* hot, object source) except -1:
    """Makes known those that the source has numbered since."""
    cdef int count = len(source.activities)
    cdef Act* acts
    cdef int* slots
    if count > hot.act_room:
        acts = <Act*>realloc(hot.acts, 2 * count * sizeof(Act))
        if acts == NULL:
            raise MemoryError
        hot.acts = acts
        slots = <int*>realloc(hot.slot_of, 2 * count * sizeof(int))
        if slots == NULL:
            raise MemoryError
        hot.slot_of = slots
        hot.act_room = 2 * count
    while hot.act_count < count:
        compile_act(hot, &hot.acts[hot.act_count], source.hot(hot.act_count), source)
        hot.slot_of[hot.act_count] = 0
        hot.act_count += 1
    return know_funders(hot, source.funders)


cdef inline int know_funders(Hot* hot, list names) except -1:
    cdef Slice* grown
    if len(names) == hot.funder_count:
        return 0
    grown = <Slice*>realloc(hot.funders, len(names) * sizeof(Slice))
    if grown == NULL:
        raise MemoryError
    hot.funders = grown
    while hot.funder_count < len(names):
        grown[hot.funder_count] = copied(
            &hot.lasting, slice_of(names[hot.funder_count]), nothing()
        )
        hot.funder_count += 1
    return 0


cdef inline int compile_act(Hot* hot, Act* act, object found, object source) except -1:
    """found: a `HotActivity`."""
    cdef Shelf* shelf = &hot.lasting
    cdef i64* field = <i64*>&act.step
    cdef i64 number
    memset(act, 0, sizeof(Act))
    act.starts_us, act.ends_us, act.lead = found.starts_us, found.ends_us, found.lead
    act.basis, act.layer = found.basis, found.layer
    act.asks, act.slowed, act.held = found.asks, found.slowed, found.held
    act.stores, act.book = found.stores, found.book
    act.grouped, act.delivers, act.beside = found.grouped, found.delivers, found.beside
    act.lists_products = found.lists_products
    memcpy(act.currency, slice_of(found.currency).at, 3)
    for place, number in enumerate(found.step):
        field[place] = number
    act.group = <int>act.step.group
    act.funder_count = len(found.funders)
    act.funders = numbers_on(shelf, found.funders)
    act.effect_of = numbers_on(shelf, found.effect_of) if any(found.effect_of) else NULL
    act.activity_id = copied(shelf, slice_of(found.activity_id), nothing())
    act.head = copied(shelf, slice_of(found.head), nothing())
    act.group_name = copied(shelf, slice_of(found.group), nothing())
    act.room = 300 + act.head.size + act.group_name.size  # numbers, a credential's name
    for number in found.funders:
        act.room += 40 + len(source.funders[number])
    if any(found.grants):
        act.grants = grants_on(shelf, found.grants)
    return 0


cdef inline Grant* grants_on(Shelf* shelf, tuple grants) except NULL:
    cdef Grant* found = <Grant*>shelved(shelf, len(grants) * sizeof(Grant))
    cdef Grant* one = found
    memset(found, 0, len(grants) * sizeof(Grant))
    for grant in grants:
        if grant is not None:
            one.known = True
            one.gift, name, one.number = grant
            one.name = copied(shelf, slice_of(name), nothing())
        one += 1
    return found


cdef inline int named_act(Hot* hot, object source, Slice name) except -2:
    """The number of the activity that wants a credential and has this name; -1 if none has."""
    cdef u64 hash = hash_of(name, hot.seed)
    cdef int number = number_of(&hot.named, name, nothing(), hash)
    if number >= 0:
        return <int>hot.named.names[number].value
    found = source.wanting(text_of(name))
    if found is None:
        return -1
    compile_acts(hot, source)
    number = add_name(&hot.named, &hot.lasting, name, nothing(), hash)
    hot.named.names[number].value = found
    return found


cdef inline int know_books(Hot* hot, object source) except -1:
    found = source.books()
    compile_acts(hot, source)
    hot.books = numbers_on(&hot.lasting, found)
    hot.book_count = len(found)
    return 0


cdef inline int know_deliverers(Hot* hot, object source, i64 at_us) except -1:
    """Those that are not over by then; when a cart of an earlier instant asks, all."""
    hot.deliverers_from_us = at_us if hot.deliverers == NULL else -NO_END
    found = source.deliverers(hot.deliverers_from_us)
    compile_acts(hot, source)
    hot.deliverers = numbers_on(&hot.lasting, found)
    hot.deliverer_count = len(found)
    return 0
