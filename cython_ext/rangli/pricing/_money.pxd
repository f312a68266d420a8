# cython: language_level=3, cdivision=True
"""Exact arithmetic of the price kernel: 128-bit where a product can leave 64 bits.

Amounts are minor units within the bounds of `rangli.pricing.plan`; nothing here is negative unless
it says so. Inline, without the GIL, no memory of its own.
"""

from libc.string cimport memcpy, memset

ctypedef long long i64

cdef extern from *:
    """
    typedef unsigned __int128 rangli_u128;
    #define RANGLI_HIGH(a, b) \\
        ((unsigned long long)(((unsigned __int128)(a) * (unsigned __int128)(b)) >> 64))
    """
    # Cython takes it for 64 bits, which only matters to the C that it would generate for temporary
    # values; hence every result below is cast or assigned at once.
    ctypedef unsigned long long u128 "rangli_u128"
    ctypedef unsigned long long u64 "unsigned long long"
    u64 high_half "RANGLI_HIGH"(u64 a, u64 b) noexcept nogil

cdef enum:
    SHELVES = 32        # of `round_up`; numbered by the upper 5 bits of 64
    SHELF_SHIFT = 59
    CLOSELY_MAX = 8     # most on a shelf that are looked at one by one
    BPS = 10_000
    HALF_UP = 1
    HALF_DOWN = 2
    HALF_EVEN = 3
    DOWN = 4
    UP = 5

cdef extern from *:
    """
    #define RANGLI_PRODUCT_MAX 4611686018427387904LL
    """
    const i64 PRODUCT_MAX "RANGLI_PRODUCT_MAX"  # 2^62; twice this fits unsigned 64 bits


cdef struct Divisor:
    # A number that many are divided by: one division here, then multiplications only.
    i64 whole
    u64 inverse   # (2^64 - 1) // whole


cdef inline Divisor divisor(i64 whole) noexcept nogil:
    cdef Divisor by
    by.whole = whole
    by.inverse = <u64>0xFFFFFFFFFFFFFFFF // <u64>whole
    return by


cdef inline i64 divided(u64 product, const Divisor* by) noexcept nogil:
    """product // whole. The estimate is at most one too small."""
    cdef u64 quotient = high_half(product, by.inverse)
    if product - quotient * <u64>by.whole >= <u64>by.whole:
        quotient += 1
    return <i64>quotient


cdef inline i64 smaller(i64 a, i64 b) noexcept nogil:
    return a if a < b else b


cdef inline i64 larger(i64 a, i64 b) noexcept nogil:
    return a if a > b else b


cdef inline i64 most(u128 amount, i64 limit) noexcept nogil:
    """amount, at most limit."""
    return limit if amount > <u128>limit else <i64>amount


cdef inline i64 scaled(i64 amount, i64 numerator, i64 denominator) noexcept nogil:
    """`amount * numerator // denominator`; numerator is at most denominator."""
    if amount < 1_000_000_000 and numerator < 1_000_000_000:
        return amount * numerator // denominator
    return <i64>(<u128>amount * <u128>numerator // <u128>denominator)


cdef inline i64 share_half_up(
    u128 amount, i64 numerator, i64 denominator, i64 limit
) noexcept nogil:
    """`amount * numerator / denominator`, halves rounded up, at most `limit`.

    amount is at most 10^26 (a value times its multiple), numerator at most 10^6 units.
    """
    cdef u128 share
    if denominator == 1:
        share = amount * <u128>numerator
    else:
        share = (amount * <u128>numerator * 2 + <u128>denominator) // (<u128>denominator * 2)
    return most(share, limit)


cdef inline i64 rounded(i64 quotient, i64 rest, i64 whole, i64 rounding) noexcept nogil:
    """`quotient + rest / whole` rounded, 0 <= rest < whole."""
    if rest == 0 or rounding == DOWN:
        return quotient
    if rounding == UP:
        return quotient + 1
    if 2 * rest != whole:
        return quotient + (2 * rest > whole)
    if rounding == HALF_UP:
        return quotient + 1
    if rounding == HALF_DOWN:
        return quotient
    return quotient + (quotient & 1)


cdef inline i64 in_cart_prices(
    i64 minor, i64 list_minor, i64 other_minor, i64 rounding
) noexcept nogil:
    """An amount of the other price basis in the cart's, at most 10^13, for what costs so much in
    both; -1 if other_minor is not above 0: then that is not known."""
    cdef u128 product, whole
    if other_minor <= 0:
        return -1
    product = <u128>minor * <u128>list_minor
    whole = product // <u128>other_minor
    if whole >= <u128>10_000_000_000_000:
        return 10_000_000_000_000
    product -= whole * <u128>other_minor
    return rounded(<i64>whole, <i64>product, other_minor, rounding)


cdef inline i64 percent_off(i64 base, i64 off_bps, i64 rounding, i64 of) noexcept nogil:
    """What off_bps take off base (at most 10^13): the discount is rounded, or the price (of 2)."""
    cdef i64 product
    if of == 1:
        product = base * off_bps
        return rounded(product // BPS, product % BPS, BPS, rounding)
    product = base * (BPS - off_bps)
    return base - rounded(product // BPS, product % BPS, BPS, rounding)


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

    Where total is at most whole, no part exceeds its weight. whole is 0 only if total is. Ties go
    to the earlier part. errors and scratch have room for n each.
    """
    cdef i64 i, left = total
    cdef u128 product
    cdef Divisor by
    if total == 0 or total == whole:
        for i in range(n):
            parts[i] = weights[i] if total else 0
        return
    by = divisor(whole)
    if total <= PRODUCT_MAX // whole:
        for i in range(n):
            parts[i] = divided(<u64>(total * weights[i]), &by)
            errors[i] = total * weights[i] - parts[i] * whole
            left -= parts[i]
    else:
        for i in range(n):
            product = <u128>total * <u128>weights[i]
            parts[i] = <i64>(product // <u128>whole)
            errors[i] = <i64>(product - <u128>parts[i] * <u128>whole)
            left -= parts[i]
    if left > 0:
        round_up(parts, errors, n, left, &by, scratch)


cdef inline void round_up(
    i64* parts, const i64* errors, i64 n, i64 left, const Divisor* by, i64* scratch
) noexcept nogil:
    """Give one each to the `left` (1 to n - 1) largest errors, which are below by.whole.

    Errors are put on shelves by size, and counted: that tells on which shelf those stand of whom
    only some get one, with no branches that depend on amounts, which would be mispredicted half of
    the time. Only that shelf is looked at closely.
    """
    cdef unsigned int counts[SHELVES]
    cdef i64 i, shelf = SHELVES, standing = 0, best, more = left
    memset(counts, 0, sizeof(counts))
    for i in range(n):
        # The upper bits of errors / whole as a fraction of 2^64.
        scratch[i] = <i64>((<u64>errors[i] * by.inverse) >> SHELF_SHIFT)
        counts[scratch[i]] += 1
    while more > 0:
        shelf -= 1
        more -= counts[shelf]
    if more == 0:
        for i in range(n):
            parts[i] += scratch[i] >= shelf
        return
    if counts[shelf] > CLOSELY_MAX:
        round_up_many(parts, errors, n, left, scratch)
        return
    more += counts[shelf]
    for i in range(n):
        parts[i] += scratch[i] > shelf
        best = scratch[i]
        scratch[standing] = i
        standing += best == shelf
    while more > 0:
        best = 0
        for i in range(1, standing):
            if errors[scratch[i]] > errors[scratch[best]]:
                best = i
        parts[scratch[best]] += 1
        more -= 1
        # Those behind stay in order, which decides ties.
        standing -= 1
        for i in range(best, standing):
            scratch[i] = scratch[i + 1]


cdef inline void round_up_many(
    i64* parts, const i64* errors, i64 n, i64 left, i64* scratch
) noexcept nogil:
    """The same where many errors are alike.

    Everybody above the smallest error that still gets a unit gets one; what is left then goes to
    those who have just this error, earlier ones first.
    """
    cdef i64 i, threshold
    memcpy(scratch, errors, <size_t>n * sizeof(i64))
    threshold = kth_largest(scratch, n, left)
    for i in range(n):
        left -= errors[i] > threshold
    for i in range(n):
        if errors[i] > threshold:
            parts[i] += 1
        elif errors[i] == threshold and left > 0:
            parts[i] += 1
            left -= 1


cdef inline void split_between_two(
    i64 amount, i64 first_bps, i64* lag, i64* row
) noexcept nogil:
    """What `split_row` does for two funders, with one multiplication.

    lag: how far the first is behind its share of all amounts so far, in 1/10,000 of a minor unit;
    0 before the first amount. The other is ahead by as much.
    """
    cdef i64 product = amount * first_bps, rest = product % BPS
    row[0] = product // BPS
    lag[0] += rest
    # If the shares are not whole, rounded down they lack just one unit; the two lags come to it.
    if rest > 0 and lag[0] >= BPS // 2:
        row[0] += 1
        lag[0] -= BPS
    row[1] = amount - row[0]


cdef inline void split_with_remainder(
    i64 amount, const i64* bps, i64 funders, i64 remainder_funder, i64* row
) noexcept nogil:
    """Split one take among funders: each bears its share rounded down, that one what is left."""
    cdef i64 f, left = amount
    for f in range(funders):
        row[f] = amount * bps[f] // BPS
        left -= row[f]
    row[remainder_funder] += left


cdef inline void split_row(
    i64 amount, i64 so_far, const i64* bps, i64 funders, i64* paid, i64* lag, i64* row
) noexcept nogil:
    """Split one take among funders into row, which sums to it.

    Each bears its share rounded down; the units left over go one each to those that lag most behind
    their share of so_far (this amount included), ties to the earlier. paid: what each has borne so
    far, brought up to date. lag: scratch, in 1/10,000 of a minor unit, may be negative.
    """
    cdef i64 f, latest, left = amount
    for f in range(funders):
        row[f] = amount * bps[f] // 10_000
        left -= row[f]
        paid[f] += row[f]
        lag[f] = so_far * bps[f] - paid[f] * 10_000
    while left > 0:
        latest = 0
        for f in range(1, funders):
            if lag[f] > lag[latest]:
                latest = f
        lag[latest] = -0x7FFFFFFFFFFFFFFF  # has had its unit
        row[latest] += 1
        paid[latest] += 1
        left -= 1
