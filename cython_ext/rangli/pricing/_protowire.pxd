# cython: language_level=3
"""Protobuf's wire format, read and written in place.

Reading: a `Reader` moves over bytes; anything malformed, or not as canonical writers write it, sets
`bad`. Writing: a `Writer` fills its memory from the end to the front, so that a message's length is
known when its tag is written; hence fields are put in descending order.
Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from rangli.pricing._money cimport i64

ctypedef unsigned long long u64

cdef extern from *:
    int leading_zeros "__builtin_clzll"(u64) nogil

cdef enum:
    VARINT = 0
    BYTES = 2


cdef struct Slice:
    const unsigned char* at
    i64 size


cdef struct Reader:
    const unsigned char* at
    const unsigned char* end
    bint bad


cdef inline Reader reader_of(Slice whole) noexcept nogil:
    cdef Reader r
    r.at = whole.at
    r.end = whole.at + whole.size
    r.bad = False
    return r


cdef inline u64 read_varint(Reader* r) noexcept nogil:
    cdef u64 value = 0
    cdef int shift = 0
    cdef unsigned char byte
    while shift < 64:
        if r.at >= r.end:
            break
        byte = r.at[0]
        r.at += 1
        if shift == 63 and byte > 1:
            break
        value |= <u64>(byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
    r.bad = True
    return 0


cdef inline Slice read_bytes(Reader* r) noexcept nogil:
    cdef Slice found
    cdef u64 size = read_varint(r)
    found.at = r.at
    found.size = 0
    if r.bad or size > <u64>(r.end - r.at):
        r.bad = True
        return found
    found.size = <i64>size
    r.at += size
    return found


cdef inline bint plain_text(Slice text, i64 least, i64 most) noexcept nogil:
    """Whether it is printable ASCII of such a length; other texts may be good too."""
    cdef i64 i
    if not least <= text.size <= most:
        return False
    for i in range(text.size):
        if text.at[i] < 0x20 or text.at[i] > 0x7E:
            return False
    return True


cdef struct Writer:
    unsigned char* memory
    i64 room
    unsigned char* at    # what is written stands from here to the end of memory
    bint failed          # no memory left


cdef inline bint make_room(Writer* w, i64 size) noexcept nogil:
    """Whether so many bytes may be put."""
    cdef i64 written, room
    cdef unsigned char* memory
    if w.memory != NULL and w.at - w.memory >= size:
        return True
    written = 0 if w.memory == NULL else w.memory + w.room - w.at
    room = 2 * (w.room + size) + 4096
    memory = <unsigned char*>malloc(room)
    if memory == NULL:
        w.failed = True
        return False
    memcpy(memory + room - written, w.at, written)
    free(w.memory)
    w.memory = memory
    w.room = room
    w.at = memory + room - written
    return True


cdef inline i64 written(const Writer* w) noexcept nogil:
    return w.memory + w.room - w.at


cdef inline unsigned char* varint_before(unsigned char* at, u64 value) noexcept nogil:
    """Writes a varint that ends where `at` is; returns where it begins. There must be room."""
    cdef int size
    cdef int i
    if value < 0x80:
        at -= 1
        at[0] = <unsigned char>value
        return at
    size = (70 - leading_zeros(value)) // 7
    at -= size
    for i in range(size - 1):
        at[i] = <unsigned char>(value | 0x80)
        value >>= 7
    at[size - 1] = <unsigned char>value
    return at


cdef inline unsigned char* int_before(unsigned char* at, int field, i64 value) noexcept nogil:
    """The same of a field of up to 15."""
    at = varint_before(at, <u64>value) - 1
    at[0] = <unsigned char>(field << 3 | VARINT)
    return at


cdef inline void put_raw(Writer* w, const unsigned char* data, i64 size) noexcept nogil:
    if make_room(w, size):
        w.at -= size
        memcpy(w.at, data, size)


cdef inline void put_varint(Writer* w, u64 value) noexcept nogil:
    if make_room(w, 10):
        w.at = varint_before(w.at, value)


cdef inline void put_int(Writer* w, int field, i64 value) noexcept nogil:
    """A field of an integer type; left out if it is 0."""
    if value != 0:
        put_varint(w, <u64>value)
        put_varint(w, <u64>(field << 3 | VARINT))


cdef inline void put_text(Writer* w, int field, Slice text) noexcept nogil:
    """A field of text or bytes; left out if it is empty."""
    if text.size:
        put_raw(w, text.at, text.size)
        put_varint(w, <u64>text.size)
        put_varint(w, <u64>(field << 3 | BYTES))


cdef inline void put_message(Writer* w, int field, i64 before) noexcept nogil:
    """Wraps what was put since `before` bytes were written as the field's message."""
    put_varint(w, <u64>(written(w) - before))
    put_varint(w, <u64>(field << 3 | BYTES))
