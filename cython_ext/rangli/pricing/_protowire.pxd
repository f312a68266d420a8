# cython: language_level=3, cdivision=True
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
    """
    #if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    #define RANGLI_LOW_FIRST(word) (word)
    #else
    #define RANGLI_LOW_FIRST(word) __builtin_bswap32(word)
    #endif
    #define RANGLI_EACH_BYTE 0x0101010101010101ULL
    #define RANGLI_HIGH_BITS 0x8080808080808080ULL
    """
    int leading_zeros "__builtin_clz"(unsigned int) nogil
    int leading_zeros_of_long "__builtin_clzll"(u64) nogil
    unsigned int low_first "RANGLI_LOW_FIRST"(unsigned int word) nogil    # the lowest byte first in memory
    const u64 EACH_BYTE "RANGLI_EACH_BYTE"
    const u64 HIGH_BITS "RANGLI_HIGH_BITS"

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
    if r.at < r.end and r.at[0] < 0x80:  # most are of one byte
        value = r.at[0]
        r.at += 1
        return value
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


cdef inline bint comes(Reader* r, unsigned char tag) noexcept nogil:
    """Whether a field with this tag, of a number up to 15, comes next; then behind the tag."""
    if r.at < r.end and r.at[0] == tag:
        r.at += 1
        return True
    return False


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


cdef inline u64 unplain(u64 word) noexcept nogil:
    """Not 0 if a byte is below 0x20 or above 0x7E. No byte borrows: each has its high bit set."""
    return (word | ~((word | HIGH_BITS) - 0x20 * EACH_BYTE) | (word + EACH_BYTE)) & HIGH_BITS


cdef inline bint plain_text(Slice text, i64 least, i64 most) noexcept nogil:
    """Whether it is printable ASCII of such a length; other texts may be good too."""
    cdef i64 i
    cdef u64 word, wrong = 0
    if not least <= text.size <= most:
        return False
    if text.size < 8:
        for i in range(text.size):
            if text.at[i] < 0x20 or text.at[i] > 0x7E:
                return False
        return True
    for i in range(0, text.size - 7, 8):
        memcpy(&word, text.at + i, 8)
        wrong |= unplain(word)
    memcpy(&word, text.at + text.size - 8, 8)  # what is left, and some once more
    return (wrong | unplain(word)) == 0


cdef struct Writer:
    unsigned char* memory
    unsigned char* end
    unsigned char* at    # what is written stands from here to the end of memory
    bint failed          # no memory left


cdef inline bint make_room(Writer* w, i64 size) noexcept nogil:
    """Whether so many bytes may be put."""
    return w.at - w.memory >= size or grow(w, size)


cdef inline bint grow(Writer* w, i64 size) noexcept nogil:
    cdef i64 kept = written(w), room = 2 * (w.end - w.memory + size) + 4096
    cdef unsigned char* memory = <unsigned char*>malloc(room)
    if memory == NULL:
        w.failed = True
        return False
    if kept:
        memcpy(memory + room - kept, w.at, kept)
    free(w.memory)
    w.memory = memory
    w.end = memory + room
    w.at = w.end - kept
    return True


cdef inline i64 written(const Writer* w) noexcept nogil:
    return w.end - w.at


cdef struct Small:
    # A varint of up to 4 bytes, as they stand in memory.
    unsigned int word
    int size


cdef inline Small small(unsigned int value) noexcept nogil:
    """The varint of less than 2^28.

    Whether one byte does or two are needed is no branch: amounts change from one to the next, so
    that no processor foresees it.
    """
    cdef Small found
    cdef unsigned int more
    if value < 1 << 14:
        more = value > 0x7F
        found.word = low_first(value + (value & 0x3F80) | more << 7)
        found.size = 1 + more
        return found
    # Groups of 7 bits are moved apart to bytes; all but the last get their high bit.
    value = (value & 0x3FFF) | (value & 0xFFFC000) << 2
    value = (value & 0x7F007F) | (value & 0x3F803F80) << 1
    more = leading_zeros(value) & 24
    found.word = low_first(value | 0x808080 >> more)
    found.size = 4 - (more >> 3)
    return found


cdef inline unsigned char* small_at(unsigned char* at, Small varint) noexcept nogil:
    """Writes it at `at`; returns where it ends. 4 bytes there are lost."""
    memcpy(at, &varint.word, 4)
    return at + varint.size


cdef inline unsigned char* varint_before(unsigned char* at, u64 value) noexcept nogil:
    """Writes a varint before `at`; returns where it begins. There must be room for 10 bytes."""
    cdef int size, i
    if value < 0x80:
        at[-1] = <unsigned char>value
        return at - 1
    if value < 1 << 14:
        at[-1] = <unsigned char>(value >> 7)
        at[-2] = <unsigned char>(value | 0x80)
        return at - 2
    size = (70 - leading_zeros_of_long(value)) // 7
    at -= size
    for i in range(size - 1):
        at[i] = <unsigned char>(value | 0x80)
        value >>= 7
    at[size - 1] = <unsigned char>value
    return at


cdef inline unsigned char* int_before(unsigned char* at, int field, i64 value) noexcept nogil:
    """A field of an integer type, of a number up to 15; left out if it is 0. Takes 11 bytes."""
    if value == 0:
        return at
    at = varint_before(at, <u64>value) - 1
    at[0] = <unsigned char>(field << 3 | VARINT)
    return at


cdef inline unsigned char* text_before(unsigned char* at, int field, Slice text) noexcept nogil:
    """A field of text likewise; left out if it is empty. Takes 11 bytes and those of the text."""
    if text.size == 0:
        return at
    at -= text.size
    memcpy(at, text.at, text.size)
    at = varint_before(at, <u64>text.size) - 1
    at[0] = <unsigned char>(field << 3 | BYTES)
    return at


cdef inline unsigned char* message_before(
    unsigned char* at, int field, const unsigned char* end
) noexcept nogil:
    """What stands from `at` to `end` as the message of a field likewise. Takes 11 bytes."""
    at = varint_before(at, <u64>(end - at)) - 1
    at[0] = <unsigned char>(field << 3 | BYTES)
    return at


cdef inline unsigned char* tag_before(unsigned char* at, int field, int kind) noexcept nogil:
    """A field's tag, of a number up to 2,000."""
    if field < 16:
        at[-1] = <unsigned char>(field << 3 | kind)
        return at - 1
    at[-1] = <unsigned char>(field >> 4)
    at[-2] = <unsigned char>(field << 3 | kind) | 0x80
    return at - 2


cdef inline void put_raw(Writer* w, const unsigned char* data, i64 size) noexcept nogil:
    if make_room(w, size):
        w.at -= size
        memcpy(w.at, data, size)


cdef inline void put_int(Writer* w, int field, i64 value) noexcept nogil:
    """A field of an integer type; left out if it is 0."""
    if value != 0 and make_room(w, 20):
        w.at = tag_before(varint_before(w.at, <u64>value), field, VARINT)


cdef inline void put_text(Writer* w, int field, Slice text) noexcept nogil:
    """A field of text or bytes; left out if it is empty."""
    if text.size and make_room(w, text.size + 20):
        w.at -= text.size
        memcpy(w.at, text.at, text.size)
        w.at = tag_before(varint_before(w.at, <u64>text.size), field, BYTES)


cdef inline void put_message(Writer* w, int field, i64 before) noexcept nogil:
    """Wraps what was put since `before` bytes were written as the field's message."""
    if make_room(w, 20):
        w.at = tag_before(varint_before(w.at, <u64>(written(w) - before)), field, BYTES)
