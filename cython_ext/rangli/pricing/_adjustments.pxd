# cython: language_level=3, cdivision=True
"""What each step took off each row, as the row's adjustments. There are hundreds in an answer.

The kernel tells takes by step, the answer has them by row. So each is coded as it is met, beside
what it shares with its step's others, and a row copies its own from the last to the first.
"""

from libc.stdlib cimport realloc
from libc.string cimport memcpy

from rangli.pricing._desk cimport Desk, Giver, Link
from rangli.pricing._money cimport i64
from rangli.pricing._protowire cimport (
    BYTES, VARINT, Small, int_before, message_before, small, small_at, u64, varint_before,
)
from rangli.pricing._rows cimport TakeRow

cdef enum:
    # Bytes of a Link, of which a usual adjustment has 7 to 21. So many are copied, whatever it has,
    # those before it with it; the Link begins 20 bytes earlier.
    CODED = 24
    UNUSUAL_BYTES = 90       # more than another one takes beside 10 for each funder


cdef struct Between:
    # The bytes between an adjustment's amount and the length of its shares, the same for all of a
    # step: whose it is, unless the first's, and the tag of the shares.
    unsigned char bytes[8]
    int size


cdef inline Between between_of(const Giver* giver) noexcept nogil:
    cdef Between found
    cdef unsigned char* at = found.bytes
    if giver.place:
        at[0] = 5 << 3 | VARINT
        at = small_at(at + 1, small(<unsigned int>giver.place))
    at[0] = 6 << 3 | BYTES
    found.size = <int>(at + 1 - found.bytes)
    return found


cdef inline int link_takes(Desk* d) except -1:
    """Codes the takes and links those of each row, from the last to the first.

    Sums up what each step's funders pay, and (`adjustment_bytes`) the room that all of it needs.
    """
    cdef const TakeRow* take = <const TakeRow*>d.space.takes.data
    cdef const TakeRow* end = <const TakeRow*>(d.space.takes.data + d.space.takes.size)
    cdef const i64* share = <const i64*>d.space.shares.data
    cdef i64 step, count = end - take, room = CODED * count
    cdef const Link** last = d.take_last
    cdef Link* link = fit_links(d, count)
    cdef Giver* giver
    cdef Between between
    cdef int row, funder
    for row in range(d.ask.line_count + d.ask.delivery_count):
        last[row] = NULL
    while take < end:  # they stand by step
        step = take.step
        giver = &d.givers[step]
        between = between_of(giver)
        while take < end and take.step == step:
            row = <int>take.line
            link.before = last[row]
            last[row] = link
            if giver.plain and <u64>take.off_minor < 1 << 28 and (
                take.unit_first | take.application | take.units ^ d.cart[row].quantity
            ) == 0:
                if giver.funder_count == 1:
                    code_for_one(link, &between, <unsigned int>take.off_minor)
                else:
                    code_for_two(link, &between, <unsigned int>take.off_minor, share)
            else:
                link.size = 0
                link.share = share
                room += UNUSUAL_BYTES + 10 * giver.funder_count
            giver.sums[0] += share[0]
            if giver.funder_count > 1:
                giver.sums[1] += share[1]
                for funder in range(2, giver.funder_count):
                    giver.sums[funder] += share[funder]
            share += giver.funder_count
            link += 1
            take += 1
    d.adjustment_bytes = room
    return 0


cdef inline Link* fit_links(Desk* d, i64 count) except NULL:
    """Room for so many."""
    cdef Link* links
    if count >= d.link_room:
        links = <Link*>realloc(d.links, (2 * count + 16) * sizeof(Link))
        if links == NULL:
            raise MemoryError
        d.links = links
        d.link_room = 2 * count + 16
    return d.links


cdef inline unsigned char* begun(
    Link* link, const Between* between, Small off, int inside
) noexcept nogil:
    """Codes all but the shares, which have so many bytes; returns where they begin."""
    cdef unsigned char* at = link.coded
    link.size = 4 + off.size + between.size + inside
    at[0] = 5 << 3 | BYTES
    at[1] = <unsigned char>(link.size - 2)
    at[2] = 2 << 3 | VARINT
    at = small_at(at + 3, off)
    memcpy(at, between.bytes, 8)
    at += between.size
    at[0] = <unsigned char>inside
    return at + 1


cdef inline void code_for_one(Link* link, const Between* between, unsigned int minor) noexcept nogil:
    """A usual adjustment: below 2^28, off all units of a row. Its only funder pays it all."""
    cdef Small off = small(minor)
    small_at(begun(link, between, off, off.size), off)


cdef inline void code_for_two(
    Link* link, const Between* between, unsigned int minor, const i64* shares
) noexcept nogil:
    """The same of two funders."""
    cdef Small one = small(<unsigned int>shares[0]), two = small(<unsigned int>shares[1])
    small_at(small_at(begun(link, between, small(minor), one.size + two.size), one), two)


cdef inline unsigned char* adjustments_before(
    Desk* d, unsigned char* at, int row
) noexcept nogil:
    """Writes those of a row before `at`, where there must be room; returns where they begin."""
    cdef const Link* link = d.take_last[row]
    cdef const TakeRow* take
    while link != NULL:
        if link.size:
            memcpy(at - CODED, link.coded + link.size - CODED, CODED)
            at -= link.size
        else:
            take = <const TakeRow*>d.space.takes.data + (link - d.links)
            at = unusual_before(at, take, &d.givers[take.step], link.share, d.cart[row].quantity)
        link = link.before
    return at


cdef inline unsigned char* unusual_before(
    unsigned char* at, const TakeRow* take, const Giver* giver, const i64* shares, i64 quantity
) noexcept nogil:
    cdef int funder
    cdef const unsigned char* end = at
    cdef const unsigned char* inside
    if take.units != quantity:
        at = int_before(at, 10, take.units)
    at = int_before(at, 9, take.unit_first)
    at = int_before(at, 8, take.application)
    if giver.effect_of != NULL:
        at = int_before(at, 7, giver.effect_of[take.effect])
    inside = at
    for funder in range(giver.funder_count - 1, -1, -1):
        at = varint_before(at, <u64>shares[funder])
    at = message_before(at, 6, inside)
    at = int_before(at, 5, giver.place)
    at = varint_before(at, <u64>take.off_minor) - 1
    at[0] = 2 << 3 | VARINT
    return message_before(at, 5, end)
