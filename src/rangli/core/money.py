"""Money is a whole number of minor units of one ISO 4217 currency.

Rates are basis points. Bounds: a line at most `LINE_MINOR_MAX`, a cart at most `CART_MINOR_MAX`.
"""

from __future__ import annotations

from collections.abc import Sequence

LINE_MINOR_MAX = 10**12
CART_MINOR_MAX = 10**13
QUANTITY_MAX = 10**6
LINES_MAX = 500
BPS = 10_000

# ISO 4217:2015 list one, amendment 177: active codes that are money, by digits after the point.
_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD"
        " CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP"
        " GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK"
        " LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO"
        " NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS"
        " SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST"
        " XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENT = {code: digits for digits, codes in _EXPONENTS.items() for code in codes.split()}


def known_currency(code: str) -> bool:
    """Whether the code is an ISO 4217 currency, in capitals."""
    return code in EXPONENT


def format_minor(amount_minor: int, currency: str) -> str:
    """An amount for people: `format_minor(1999, "USD")` is "19.99", of yen "1999"."""
    digits = EXPONENT[currency]
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def share_half_up(amount: int, numerator: int, denominator: int) -> int:
    """`amount * numerator / denominator` of non-negative integers, halves rounded up."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


def apportion_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` by `weights`; the parts sum exactly to it.

    Each part is its exact share rounded down; the units left over go to the largest remainders,
    ties to the earlier part. Where `total` is at most the weights' sum, no part exceeds its weight.
    Weights are non-negative; if all are zero, nothing can be given and `total` must be zero.
    """
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("nothing to apportion by")
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[:left]:
        parts[i] += 1
    return parts
