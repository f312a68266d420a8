# cython: language_level=3, cdivision=True
"""A QuoteRequest as it comes over the wire, if it is one of the usual: see `_codec.pyx`."""

from libc.string cimport memset

from rangli.pricing._money cimport i64
from rangli.pricing._names cimport hash_of, same
from rangli.pricing._protowire cimport (
    BYTES, VARINT, Reader, Slice, comes, plain_text, read_bytes, read_varint, reader_of, u64,
)
from rangli.pricing._work cimport LINE_MINOR_MAX, VALUE_MAX

cdef enum:
    LINES_MAX = 500
    DELIVERIES_MAX = 100
    ROWS_MAX = 600
    GROUPS_MAX = 50
    CREDENTIALS_MAX = 100
    QUANTITY_MAX = 1_000_000
    KEY_MAX = 8_192
    IDS = 2_048              # places of the table that finds equal names

cdef extern from *:
    """
    #define RANGLI_NO_END 0x7FFFFFFFFFFFFFFFLL
    #define RANGLI_SECONDS_MIN -62104060800LL
    #define RANGLI_SECONDS_MAX 253370764799LL
    """
    const i64 NO_END "RANGLI_NO_END"
    const i64 SECONDS_MIN "RANGLI_SECONDS_MIN"
    const i64 SECONDS_MAX "RANGLI_SECONDS_MAX"


cdef struct AskedLine:
    # sku: its field on the wire. facts: so the fields from list_minor to tags.
    Slice line_id, store_id, sku, facts
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
    short id_places[IDS]        # number of the name from 1; a table of open addresses
    Slice id_names[ROWS_MAX]


cdef inline bint read_instant(Slice whole, i64* at_us) noexcept nogil:
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


cdef inline bint read_line(Slice whole, AskedLine* line) noexcept nogil:
    """A line as canonical writers write it: fields in order, none twice but tags."""
    cdef Reader r = reader_of(whole)
    line.line_id.size = line.store_id.size = 0
    line.quantity = line.floor_minor = line.outside_minor = line.position = 0
    line.other_minor = -1
    if comes(&r, 1 << 3 | BYTES):
        line.line_id = read_bytes(&r)
    line.sku.at = r.at
    if comes(&r, 2 << 3 | BYTES):
        read_bytes(&r)
    line.sku.size = r.at - line.sku.at
    if comes(&r, 3 << 3 | VARINT):
        line.quantity = <i64>read_varint(&r)
    line.facts.at = r.at
    if not comes(&r, 4 << 3 | VARINT):
        return False
    line.unit_minor = <i64>read_varint(&r)
    if comes(&r, 5 << 3 | BYTES):
        read_bytes(&r)
    if comes(&r, 6 << 3 | BYTES):
        read_bytes(&r)
    while comes(&r, 7 << 3 | BYTES) and not r.bad:
        read_bytes(&r)
    line.facts.size = r.at - line.facts.at
    if comes(&r, 8 << 3 | BYTES):
        line.store_id = read_bytes(&r)
    if comes(&r, 9 << 3 | VARINT):
        # An int32: a negative one comes as 64 bits, of which the lower ones count.
        line.position = <int>read_varint(&r)
    if comes(&r, 11 << 3 | VARINT):
        line.floor_minor = <i64>read_varint(&r)
    if comes(&r, 12 << 3 | VARINT):
        line.outside_minor = <i64>read_varint(&r)
    if comes(&r, 13 << 3 | VARINT):
        line.other_minor = <i64>read_varint(&r)
        if line.other_minor < 0:
            return False
    if r.bad or r.at < r.end:
        return False
    return (
        line.sku.size > 0
        and 1 <= line.quantity <= QUANTITY_MAX
        and 0 <= line.unit_minor <= LINE_MINOR_MAX
        and line.unit_minor * line.quantity <= LINE_MINOR_MAX
        and 0 <= line.floor_minor <= LINE_MINOR_MAX
        and line.floor_minor * line.quantity <= LINE_MINOR_MAX
        and line.other_minor <= LINE_MINOR_MAX
        and line.other_minor * line.quantity <= LINE_MINOR_MAX
        and 0 <= line.outside_minor <= line.unit_minor * line.quantity
        and plain_text(line.line_id, 1, 64)
        and plain_text(line.store_id, 0, 100)
        and line.sku.size + line.facts.size <= KEY_MAX
    )


cdef inline bint read_credential(Slice whole, AskedCredential* credential) noexcept nogil:
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


cdef inline bint read_delivery(Slice whole, AskedDelivery* delivery) noexcept nogil:
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


cdef inline bint read_request(Asked* ask, Slice whole, u64 seed) noexcept nogil:
    """Whether the request is one of the usual; then it stands in `ask`.

    seed: of hashes, a secret.
    """
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
        and all_different(ask, seed)
    )


cdef inline bint all_different(Asked* ask, u64 seed) noexcept nogil:
    """Whether no two lines or deliveries, and no two credentials, have the same name."""
    cdef int i
    cdef u64 mask = clear_ids(ask, ask.line_count + ask.delivery_count)
    for i in range(ask.line_count):
        if not is_new(ask, ask.lines[i].line_id, i, mask, seed):
            return False
    for i in range(ask.delivery_count):
        if not is_new(ask, ask.deliveries[i].delivery_id, ask.line_count + i, mask, seed):
            return False
    if ask.credential_count > 1:
        mask = clear_ids(ask, ask.credential_count)
        for i in range(ask.credential_count):
            if not is_new(ask, ask.credentials[i].credential_id, i, mask, seed):
                return False
    return True


cdef inline u64 clear_ids(Asked* ask, int count) noexcept nogil:
    """Frees at least twice as many places as there are names; returns the mask of their numbers."""
    cdef u64 places = 64
    while places < <u64>(2 * count):
        places *= 2
    memset(ask.id_places, 0, places * sizeof(short))
    return places - 1


cdef inline bint is_new(Asked* ask, Slice name, int number, u64 mask, u64 seed) noexcept nogil:
    cdef u64 at = hash_of(name, seed)
    while ask.id_places[at & mask]:
        if same(name, ask.id_names[ask.id_places[at & mask] - 1]):
            return False
        at += 1
    ask.id_names[number] = name
    ask.id_places[at & mask] = number + 1
    return True
