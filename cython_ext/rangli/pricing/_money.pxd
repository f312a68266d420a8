# cython: language_level=3, cdivision=True
"""Exact arithmetic of the price kernel: 128-bit where a product can leave 64 bits.

Amounts are minor units within the bounds of `rangli.pricing.plan`; nothing here is negative unless
it says so. Inline, without the GIL, no memory of its own.
"""

ctypedef long long i64

cdef extern from *:
    """
    typedef unsigned __int128 rangli_u128;
    """
    # Cython takes it for 64 bits, which only matters to the C that it would generate for temporary
    # values; hence every result below is cast or assigned at once.
    ctypedef unsigned long long u128 "rangli_u128"


cdef inline i64 smaller(i64 a, i64 b) noexcept nogil:
    return a if a < b else b


cdef inline i64 share_half_up(u128 amount, i64 numerator, i64 denominator, i64 most) noexcept nogil:
    """`amount * numerator / denominator`, halves rounded up, at most `most`.

    amount is at most 10^26 (a value times its multiple), numerator at most 10^13 with an amount up
    to 10^13, else at most 10^6 units.
    """
    cdef u128 share = (amount * <u128>numerator * 2 + <u128>denominator) // (<u128>denominator * 2)
    return most if share > <u128>most else <i64>share


cdef inline i64 kth_largest(i64* values, i64 n, i64 k) noexcept nogil:
    """The k-th largest of n values, 1 <= k <= n. Reorders them."""
    cdef i64 low = 0, high = n - 1, rank = k - 1, i, j, pivot, swap
    while low < high:
        pivot = values[low + (high - low) // 2]
        i = low
        j = high
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                swap = values[i]
                values[i] = values[j]
                values[j] = swap
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


cdef inline void apportion(
    i64 total, i64 whole, const i64* weights, i64 n, i64* parts, i64* errors, i64* scratch
) noexcept nogil:
    """Split total by weights, which sum to whole, into parts, by largest remainder.

    total is at most whole, so that no part exceeds its weight. Ties go to the earlier part. errors
    and scratch have room for n each.
    """
    cdef i64 i, left = total, threshold, above = 0
    cdef u128 product
    if total == 0 or total == whole:
        for i in range(n):
            parts[i] = weights[i] if total else 0
        return
    for i in range(n):
        product = <u128>total * <u128>weights[i]
        parts[i] = <i64>(product // <u128>whole)
        errors[i] = <i64>(product - <u128>parts[i] * <u128>whole)
        scratch[i] = errors[i]
        left -= parts[i]
    if left == 0:
        return
    # Everybody above the smallest error that still gets a unit gets one; what is left then goes to
    # those who have just this error, earlier ones first.
    threshold = kth_largest(scratch, n, left)
    for i in range(n):
        above += errors[i] > threshold
    left -= above
    for i in range(n):
        if errors[i] > threshold:
            parts[i] += 1
        elif errors[i] == threshold and left > 0:
            parts[i] += 1
            left -= 1


cdef inline void split_row(
    i64 amount, i64 so_far, const i64* bps, i64 funders, i64* paid, i64* lag, i64* row
) noexcept nogil:
    """Split one line's amount among funders into row, which sums to it.

    Each bears its share rounded down; the units left over go one each to those that lag most behind
    their share of so_far (this amount included), ties to the earlier. paid: what each has borne so
    far, brought up to date. lag: scratch, in 1/10,000 of a minor unit, may be negative.
    """
    cdef i64 f, most, left = amount
    for f in range(funders):
        row[f] = amount * bps[f] // 10_000
        left -= row[f]
        paid[f] += row[f]
        lag[f] = so_far * bps[f] - paid[f] * 10_000
    while left > 0:
        most = 0
        for f in range(1, funders):
            if lag[f] > lag[most]:
                most = f
        lag[most] = -0x7FFFFFFFFFFFFFFF  # has had its unit
        row[most] += 1
        paid[most] += 1
        left -= 1
