# cython: language_level=3, cdivision=True
"""What is known of products, stores and delivery methods that came with requests: see `_hot.pxd`."""

from cpython cimport array
from libc.stdlib cimport realloc
from libc.string cimport memset

from rangli.pricing._hot cimport OFFERS_KEPT, Hot, Offer, Product, Touch, compile_acts
from rangli.pricing._money cimport i64
from rangli.pricing._names cimport (
    Names, Pair, add_name, add_pair, bytes_of, hash_of, nothing, number_of, pair_of, shelved,
    slice_of, text_of,
)
from rangli.pricing._protowire cimport Slice, u64
from rangli.pricing._request cimport NO_END, AskedLine
from rangli.pricing._rows cimport EntryRow


cdef inline int numbered(Hot* hot, Names* names, Slice text) except -1:
    cdef u64 hash = hash_of(text, hot.seed)
    cdef int number = number_of(names, text, nothing(), hash)
    return number if number >= 0 else add_name(names, &hot.passing, text, nothing(), hash)


cdef inline int product_number(
    Hot* hot, object source, const AskedLine* line, i64 at_us
) except -2:
    """The number of the line's product; -1 if the facts are not for us to judge."""
    cdef u64 hash = hash_of(line.facts, hash_of(line.sku, hot.seed))
    cdef int number = number_of(&hot.products, line.sku, line.facts, hash)
    if number >= 0 and hot.products_kept[number].from_us <= at_us:
        return number
    found = source.product(
        number if number >= 0 else hot.products.count,
        bytes_of(line.sku) + bytes_of(line.facts),
        at_us,
    )
    if found is None:
        return -1
    compile_acts(hot, source)
    if number < 0:
        number = new_product(hot, line, hash)
    touched(hot, &hot.products_kept[number], found, at_us)
    return number


cdef inline int new_product(Hot* hot, const AskedLine* line, u64 hash) except -1:
    cdef Product* grown
    if hot.products.count == hot.product_room:
        grown = <Product*>realloc(
            hot.products_kept, (2 * hot.product_room + 64) * sizeof(Product)
        )
        if grown == NULL:
            raise MemoryError
        hot.products_kept = grown
        hot.product_room = 2 * hot.product_room + 64
    memset(&hot.products_kept[hot.products.count], 0, sizeof(Product))
    hot.products_kept[hot.products.count].from_us = NO_END
    return add_name(&hot.products, &hot.passing, line.sku, line.facts, hash)


cdef inline int touched(Hot* hot, Product* product, object found, i64 at_us) except -1:
    """found: the sku, the numbers of open activities, of those that want a credential."""
    sku, opened, wanting = found
    product.sku = numbered(hot, &hot.skus, slice_of(sku))
    product.touch = touch_of(hot, array.array("i", [len(opened), *opened, *wanting]))
    product.from_us = at_us
    return 0


cdef inline int touch_of(Hot* hot, array.array numbers) except -1:
    """Many products are touched alike."""
    cdef Slice text
    cdef Touch* grown
    cdef int count = hot.touch_names.count, number
    text.at = <const unsigned char*>numbers.data.as_ints
    text.size = len(numbers) * sizeof(int)
    if count == hot.touch_room:
        grown = <Touch*>realloc(hot.touches, (2 * hot.touch_room + 16) * sizeof(Touch))
        if grown == NULL:
            raise MemoryError
        hot.touches = grown
        hot.touch_room = 2 * hot.touch_room + 16
    number = numbered(hot, &hot.touch_names, text)
    if number == count:
        hot.touches[number].acts = <const int*>hot.touch_names.names[number].text.at + 1
        hot.touches[number].open_count = numbers.data.as_ints[0]
        hot.touches[number].count = len(numbers) - 1
        hot.touches[number].cluster = 0
    return number


cdef inline const Offer* offer_of(
    Hot* hot, object source, int number, int book, int store, i64 at_us
) except NULL:
    """What the book offers then for the product in the store. Asked once while that stands."""
    cdef Product* product = &hot.products_kept[number]
    cdef Offer** link = &product.offers
    cdef Offer* offer = product.offers
    while offer != NULL:
        if (
            offer.book == book
            and offer.store == store
            and offer.from_us <= at_us < offer.until_us
        ):
            break
        link = &offer.next
        offer = offer.next
    if offer == NULL:
        if product.offer_count == OFFERS_KEPT:
            product.offers = NULL
            product.offer_count = 0
        offer = new_offer(hot, source, number, book, store, at_us)
        product.offer_count += 1
    elif offer == product.offers:
        return offer
    else:
        link[0] = offer.next
    offer.next = product.offers
    product.offers = offer
    return offer


cdef inline Offer* new_offer(
    Hot* hot, object source, int product, int book, int store, i64 at_us
) except NULL:
    cdef Offer* offer
    until_us, found = source.offered(
        book, product, text_of(hot.stores.names[store].text), at_us
    )
    offer = <Offer*>shelved(&hot.passing, sizeof(Offer) + len(found) * sizeof(EntryRow))
    offer.book, offer.store, offer.count = book, store, len(found)
    offer.from_us, offer.until_us = at_us, NO_END if until_us is None else until_us
    offer.entries = <EntryRow*>(offer + 1)
    for place, (kind, value, per) in enumerate(found):
        offer.entries[place] = EntryRow(kind, value, per)
    return offer


cdef inline bint runs_in(Hot* hot, object source, int act, int store) except -1:
    """Whether the activity runs in the store."""
    cdef const Pair* known = pair_of(&hot.in_stores, act, store)
    cdef bint found
    if known != NULL:
        return known.value
    found = source.in_store(act, text_of(hot.stores.names[store].text))
    add_pair(&hot.in_stores, act, store, found)
    return found


cdef inline i64 lists_of(Hot* hot, object source, int act, int product) except -1:
    """Bits of the activity's lists that hold the product."""
    cdef const Pair* known = pair_of(&hot.listed, act, product)
    cdef i64 found
    if known != NULL:
        return known.value
    found = source.lists(act, product)
    add_pair(&hot.listed, act, product, found)
    return found


cdef inline i64 lists_of_delivery(Hot* hot, object source, int act, Slice method) except -1:
    """Bits of the activity's lists that hold a delivery by this method."""
    cdef int number = numbered(hot, &hot.methods, method)
    cdef const Pair* known = pair_of(&hot.delivered, act, number)
    cdef i64 found
    if known != NULL:
        return known.value
    found = source.delivery_lists(act, text_of(method))
    add_pair(&hot.delivered, act, number, found)
    return found
