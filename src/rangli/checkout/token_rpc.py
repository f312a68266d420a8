"""What an evaluation promises, sealed: whoever reserves shows it, and nobody can make one.

It is good for the very tenant, cart, shopper and choice of coupons that were evaluated, until it
expires by the server's clock. It holds no secret, only what the shopper was told.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import MutableSequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from struct import Struct

from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, Reason, Refused, Violation
from rangli.v1 import checkout_pb2 as pb
from rangli.wire.fingerprint import fingerprint

CHARS_MAX = 20_000
_VERSION = b"\x01"
# Catalogue version, priced_at, expires_at, list, discount, payable.
_NUMBERS = Struct(">6q")
_LENGTH = Struct(">H")
_MAC_BYTES = 32
_PURPOSE = b"rangli evaluation"


@dataclass(frozen=True, slots=True)
class Token:
    """An evaluation's outcome.

    priced_at_us, expires_at_us: microseconds since 1970, by the server's clock.
    coupon_ids: that it uses, in order; an order of this token uses no others.
    """

    catalogue_version: int
    priced_at_us: int
    expires_at_us: int
    list_minor: int
    discount_minor: int
    payable_minor: int
    coupon_ids: tuple[str, ...]


def seal(key: bytes, tenant: str, checkout: pb.Checkout, token: Token) -> str:
    """The token as callers get it: base64url. key: `Stores.keys.token`."""
    body = _written(token)
    mac = _mac(key, tenant, checkout, body)
    return urlsafe_b64encode(body + mac).decode().rstrip("=")


def opened(key: bytes, tenant: str, checkout: pb.Checkout, text: str, *, now: datetime) -> Token:
    """What the token says of this checkout.

    Raises Invalid (token) if it was not given for just this, and Refused (EVALUATION_EXPIRED).
    """
    sealed = _decoded(text)
    body, mac = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, tenant, checkout, body)):
        raise _not_ours()
    token = _read(body)
    if micros(now) >= token.expires_at_us:
        expired_at = instant(token.expires_at_us).isoformat()
        raise Refused(
            Reason.EVALUATION_EXPIRED,
            f"the evaluation was good until {expired_at}; evaluate again",
            metadata={"expired_at": expired_at},
        )
    return token


def _not_ours() -> Invalid:
    words = "must be an Evaluation's of just this cart, user and choice of coupons"
    return Invalid.fields(Violation("token", words))


def _decoded(text: str) -> bytes:
    """The token's bytes, if it is written in the one way it can be."""
    if not text.isascii() or len(text) > CHARS_MAX:
        raise _not_ours()
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except NotBase64:
        raise _not_ours() from None
    if urlsafe_b64encode(sealed).decode().rstrip("=") != text:
        raise _not_ours()
    return sealed


def _mac(key: bytes, tenant: str, checkout: pb.Checkout, body: bytes) -> bytes:
    """Over everything the token is good for. Each part has its length before it."""
    parts = (_PURPOSE, body, tenant.encode(), digest(checkout))
    said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, said, sha256)


def _written(token: Token) -> bytes:
    numbers = _NUMBERS.pack(
        token.catalogue_version,
        token.priced_at_us,
        token.expires_at_us,
        token.list_minor,
        token.discount_minor,
        token.payable_minor,
    )
    names = [coupon_id.encode() for coupon_id in token.coupon_ids]
    return _VERSION + numbers + b"".join(_LENGTH.pack(len(name)) + name for name in names)


def _read(body: bytes) -> Token:
    """What `_written` wrote: the seal was ours."""
    at = len(_VERSION)
    if body[:at] != _VERSION:
        raise _not_ours()  # another release's: as good as expired
    version, priced_us, expires_us, list_minor, off_minor, payable_minor = _NUMBERS.unpack_from(
        body, at
    )
    at += _NUMBERS.size
    names = []
    while at < len(body):
        (size,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size + size
        names.append(body[at - size : at].decode())
    return Token(version, priced_us, expires_us, list_minor, off_minor, payable_minor, tuple(names))


def digest(checkout: pb.Checkout) -> bytes:
    """The same for checkouts that mean the same: the order of lines, deliveries, facts, groups and
    coupons never counts, and neither does what only asks for more to be told.
    """
    same = pb.Checkout()
    same.CopyFrom(checkout)
    same.DiscardUnknownFields()
    cart = same.cart
    for line in cart.lines:
        _sort(line.tags)
    cart.lines.sort(key=lambda line: line.line_id)
    cart.deliveries.sort(key=lambda delivery: delivery.delivery_id)
    cart.facts.sort(key=lambda fact: fact.name)
    _sort(cart.user_groups)
    _sort(same.coupon_ids)
    cart.hints = 0
    return fingerprint(same)


def _sort(names: MutableSequence[str]) -> None:
    if len(names) > 1:
        names[:] = sorted(set(names))
