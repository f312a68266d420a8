# cython: language_level=3, cdivision=True
"""What one quote is worked out on: the request, what acts, the kernel's rows, the answer.

There is one desk for all catalogues and one quote on it at a time.
"""

from libc.stdlib cimport free, realloc

from rangli.pricing._money cimport i64
from rangli.pricing._protowire cimport Slice, Writer, u64
from rangli.pricing._request cimport CREDENTIALS_MAX, DELIVERIES_MAX, LINES_MAX, ROWS_MAX, Asked
from rangli.pricing._rows cimport CartRow, EntryRow, StepRow
from rangli.pricing._work cimport Workspace

cdef enum:
    WORDS = 10               # bits for all rows

cdef extern from *:
    int lowest_bit "__builtin_ctzll"(u64) nogil
    int bit_count "__builtin_popcountll"(u64) nogil


cdef struct Chosen:
    # An activity that is to act.
    i64 expires_us
    int act
    int credential          # number of the request's, -1 none
    int twin                # the next of the same activity: its place plus one, 0 none
    int line_count
    int first_entry         # of a price book, in `Desk.entries`; else -1
    u64 lines[WORDS]        # bits of its rows; of those words only that the cart has


cdef struct Cluster:
    # Lines that the same activities touch.
    int touch
    u64 lines[WORDS]


cdef struct Giver:
    # A step, as its amounts are written. sums: what each of its funders pays.
    const int* effect_of
    i64* sums
    int place               # among those that applied
    int funder_count
    bint plain              # it has one effect and one or two funders


cdef struct Link:
    # A take on the way to its row. before: the row's take before it. size: of `coded`, its
    # adjustment, if that is of the usual kind; else 0, and its shares stand at `share`.
    const Link* before
    const i64* share
    int size
    unsigned char coded[24]


cdef struct Numbers:
    # A growing array.
    i64* at
    i64 count, room


cdef struct Desk:
    u64 seed
    Asked ask
    int words               # of bits, that the cart's rows take
    # By row: lines in order, then deliveries in order. Which of the request stands there, ...
    int order[LINES_MAX]
    int delivery_order[DELIVERIES_MAX]
    CartRow cart[ROWS_MAX]
    int product_of[LINES_MAX]
    int store_of[ROWS_MAX]  # -1: not looked at yet
    i64 lists_of_row[ROWS_MAX]
    int row_of[ROWS_MAX]    # ... and back, deliveries after lines
    Cluster clusters[LINES_MAX]
    int cluster_count
    # What acts: as it was found, then (sorted) in acting order.
    Chosen* chosen
    Chosen** sorted
    int* looked             # activities with a slot
    int chosen_count, chosen_room, looked_count, looked_room
    int step_of_credential[CREDENTIALS_MAX]    # -1 none
    # The kernel's arrays.
    StepRow* steps
    i64 step_room
    Numbers lines, list_ends, list_lines, facts
    EntryRow* entries       # as they were found, then in the steps' order
    EntryRow* step_entries
    int entry_count, entry_room
    Workspace* space
    # The answer.
    Giver* givers
    i64 giver_room
    Numbers funder_sums, funder_totals
    Link* links             # by take
    i64 link_room
    const Link* take_last[ROWS_MAX]
    i64 adjustment_bytes    # more than all adjustments have
    Writer writer


cdef inline int fit(Numbers* numbers, i64 count) except -1:
    """Room for so many."""
    cdef i64* grown
    if count > numbers.room:
        grown = <i64*>realloc(numbers.at, 2 * count * sizeof(i64))
        if grown == NULL:
            raise MemoryError
        numbers.at = grown
        numbers.room = 2 * count
    return 0


cdef inline bint has_row(const Chosen* chosen, int row) noexcept nogil:
    return chosen.lines[row >> 6] >> (row & 63) & 1


cdef inline void set_row(u64* lines, int row) noexcept nogil:
    lines[row >> 6] |= <u64>1 << (row & 63)
