"""Tokens with which a gate in front of a sale lets its users claim."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256


def admission_token(
    key: bytes, tenant: str, *, batch_id: str, user_id: str, expires_at: datetime
) -> str:
    """A token for `ClaimRequest.admission_token`: this user may claim of this batch until then.

    key: the 32 bytes that the service was given as RANGLI_KEY_ADMISSION (in hexadecimal there).
    expires_at: aware; in whole seconds, what is over is dropped.

    It is `v1.<expires>.<mac>`: the expiry in seconds since 1970, and the HMAC-SHA256, in URL-safe
    base64 without padding, of the bytes

        rangli-admission NUL v1 NUL tenant NUL batch_id NUL user_id NUL expires

    in UTF-8. Gates in other languages make it from that.
    """
    expires = str(int(expires_at.timestamp()))
    said = "\0".join(("rangli-admission", "v1", tenant, batch_id, user_id, expires))
    mac = hmac.digest(key, said.encode(), sha256)
    return f"v1.{expires}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
