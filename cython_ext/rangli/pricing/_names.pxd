# cython: language_level=3, cdivision=True
"""Texts and pairs of numbers as keys: found without an object, kept in tables of open addresses.

What is kept stands on a `Shelf` and goes with it. Whatever takes memory raises MemoryError; then
the table is as it was.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from rangli.pricing._money cimport i64
from rangli.pricing._protowire cimport Slice, u64

cdef extern from *:
    """
    static inline unsigned long long rangli_fold(unsigned long long a, unsigned long long b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (unsigned long long)product ^ (unsigned long long)(product >> 64);
    }
    #define RANGLI_HASH_BY 0x9E3779B97F4A7C15ULL
    """
    u64 fold "rangli_fold"(u64 a, u64 b) nogil
    const u64 HASH_BY "RANGLI_HASH_BY"

cdef enum:
    SLAB = 65_536


# --- texts ------------------------------------------------------------------------------------


cdef inline bint same(Slice a, Slice b) noexcept nogil:
    return a.size == b.size and memcmp(a.at, b.at, a.size) == 0


cdef inline int compared(Slice a, Slice b) noexcept nogil:
    cdef int order = memcmp(a.at, b.at, a.size if a.size < b.size else b.size)
    return order if order else (a.size > b.size) - (a.size < b.size)


cdef inline Slice nothing() noexcept nogil:
    cdef Slice found
    found.at = <const unsigned char*>b""
    found.size = 0
    return found


cdef inline Slice slice_of(bytes text):
    """The text's bytes, which it must outlive."""
    cdef Slice found
    found.at = <const unsigned char*>PyBytes_AS_STRING(text)
    found.size = PyBytes_GET_SIZE(text)
    return found


cdef inline bytes bytes_of(Slice text):
    return PyBytes_FromStringAndSize(<const char*>text.at, text.size)


cdef inline str text_of(Slice text):
    return bytes_of(text).decode()


cdef inline u64 hash_of(Slice text, u64 seed) noexcept nogil:
    """Callers choose the texts: so the seed must be a secret of the process."""
    cdef u64 word = 0, found = seed ^ <u64>text.size
    cdef unsigned int low = 0, high = 0
    cdef i64 i
    if text.size >= 8:
        for i in range(0, text.size - 8, 8):
            memcpy(&word, text.at + i, 8)
            found = fold(found ^ word, HASH_BY)
        memcpy(&word, text.at + text.size - 8, 8)
    elif text.size >= 4:
        memcpy(&low, text.at, 4)
        memcpy(&high, text.at + text.size - 4, 4)
        word = <u64>high << 32 | low
    elif text.size:
        word = text.at[0] | <u64>text.at[text.size >> 1] << 8 | <u64>text.at[text.size - 1] << 16
    return fold(found ^ word, HASH_BY ^ seed)


# --- memory -----------------------------------------------------------------------------------


cdef struct Slab:
    Slab* next


cdef struct Shelf:
    # Memory that is given back all at once.
    Slab* slabs
    char* at
    char* end
    i64 bytes


cdef inline void* shelved(Shelf* shelf, size_t size) except NULL:
    """Memory from the shelf, not cleared."""
    cdef Slab* slab
    cdef size_t room
    cdef void* found
    size = (size + 7) & ~<size_t>7
    if <size_t>(shelf.end - shelf.at) < size or shelf.at == NULL:
        room = sizeof(Slab) + (size if size > SLAB else SLAB)
        slab = <Slab*>malloc(room)
        if slab == NULL:
            raise MemoryError
        slab.next = shelf.slabs
        shelf.slabs = slab
        shelf.at = <char*>slab + sizeof(Slab)
        shelf.end = <char*>slab + room
        shelf.bytes += room
    found = shelf.at
    shelf.at += size
    return found


cdef inline Slice copied(Shelf* shelf, Slice one, Slice rest) except *:
    """Both texts after one another, on the shelf."""
    cdef Slice found
    cdef unsigned char* at = <unsigned char*>shelved(shelf, one.size + rest.size + 1)
    memcpy(at, one.at, one.size)
    memcpy(at + one.size, rest.at, rest.size)
    found.at = at
    found.size = one.size + rest.size
    return found


cdef inline void clear_shelf(Shelf* shelf) noexcept:
    cdef Slab* slab
    while shelf.slabs != NULL:
        slab = shelf.slabs
        shelf.slabs = slab.next
        free(slab)
    memset(shelf, 0, sizeof(Shelf))


# --- texts and their numbers ------------------------------------------------------------------


cdef struct Name:
    u64 hash
    Slice text
    i64 value    # the owner's


cdef struct Names:
    # Texts, numbered from 0 in the order they came.
    Name* names
    int* places    # number plus one; 0: free
    u64 mask
    int count, room


cdef inline int number_of(const Names* names, Slice one, Slice rest, u64 hash) noexcept nogil:
    """The number of the text that both make up; -1 if it has none."""
    cdef u64 at = hash
    cdef int number
    cdef const Name* name
    if names.count == 0:
        return -1
    while True:
        number = names.places[at & names.mask] - 1
        if number < 0:
            return -1
        name = &names.names[number]
        if (
            name.hash == hash
            and name.text.size == one.size + rest.size
            and memcmp(name.text.at, one.at, one.size) == 0
            and memcmp(name.text.at + one.size, rest.at, rest.size) == 0
        ):
            return number
        at += 1


cdef inline int add_name(Names* names, Shelf* shelf, Slice one, Slice rest, u64 hash) except -1:
    """The number of a text that had none."""
    cdef int number = names.count, i
    cdef u64 at
    cdef Name* name
    cdef Slice text = copied(shelf, one, rest)
    if number == names.room:
        grow_names(names)
    name = &names.names[number]
    name.hash, name.text, name.value = hash, text, 0
    at = hash
    while names.places[at & names.mask]:
        at += 1
    names.places[at & names.mask] = number + 1
    names.count += 1
    return number


cdef inline int grow_names(Names* names) except -1:
    """Twice the room, and as many places again: half of them stay free."""
    cdef int room = 2 * names.room + 16, i
    cdef u64 size = 32, at
    cdef int* places
    cdef Name* grown = <Name*>realloc(names.names, room * sizeof(Name))
    if grown == NULL:
        raise MemoryError
    names.names = grown
    while size < <u64>(2 * room):
        size *= 2
    places = <int*>calloc(size, sizeof(int))
    if places == NULL:
        raise MemoryError
    free(names.places)
    names.places, names.mask, names.room = places, size - 1, room
    for i in range(names.count):
        at = grown[i].hash
        while places[at & names.mask]:
            at += 1
        places[at & names.mask] = i + 1
    return 0


cdef inline void clear_names(Names* names) noexcept:
    """Their texts go with the shelf."""
    free(names.names)
    free(names.places)
    memset(names, 0, sizeof(Names))


# --- what is known of two numbers -------------------------------------------------------------


cdef struct Pair:
    u64 key      # 0: free
    i64 value


cdef struct Pairs:
    Pair* places
    u64 mask
    i64 count


cdef inline u64 key_of(int a, int b) noexcept nogil:
    return <u64>(a + 1) << 32 | <u64>(b + 1)


cdef inline const Pair* pair_of(const Pairs* pairs, int a, int b) noexcept nogil:
    """What is known of both; NULL: nothing."""
    cdef u64 key = key_of(a, b), at = fold(key, HASH_BY)
    if pairs.count == 0:
        return NULL
    while pairs.places[at & pairs.mask].key:
        if pairs.places[at & pairs.mask].key == key:
            return &pairs.places[at & pairs.mask]
        at += 1
    return NULL


cdef inline int add_pair(Pairs* pairs, int a, int b, i64 value) except -1:
    """Keeps what is known of two of which nothing was."""
    cdef u64 size, i
    cdef Pair* before = pairs.places
    if <u64>(2 * pairs.count) >= pairs.mask:
        size = 2 * (pairs.mask + 1) if before != NULL else 64
        pairs.places = <Pair*>calloc(size, sizeof(Pair))
        if pairs.places == NULL:
            pairs.places = before
            raise MemoryError
        if before != NULL:
            i = pairs.mask + 1
            pairs.mask = size - 1
            while i:
                i -= 1
                if before[i].key:
                    place_pair(pairs, before[i])
            free(before)
        pairs.mask = size - 1
    place_pair(pairs, Pair(key_of(a, b), value))
    pairs.count += 1
    return 0


cdef inline void place_pair(Pairs* pairs, Pair pair) noexcept nogil:
    cdef u64 at = fold(pair.key, HASH_BY)
    while pairs.places[at & pairs.mask].key:
        at += 1
    pairs.places[at & pairs.mask] = pair


cdef inline void clear_pairs(Pairs* pairs) noexcept:
    free(pairs.places)
    memset(pairs, 0, sizeof(Pairs))
