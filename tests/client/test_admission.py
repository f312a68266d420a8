"""Admission tokens: what gates in any language must make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from rangli.client import admission_token

KEY = bytes(range(32))
# printf 'rangli-admission\0v1\0shop\0b1\0安\0001781524800' |
#     openssl dgst -sha256 -mac HMAC -macopt hexkey:000102... -binary | base64 | tr '+/' '-_'
EXPECTED = "v1.1781524800.SbcwE0Wa-MryipsdjuLg2Qob-_NSC7W59So5HDNsao4"
AT = datetime(2026, 6, 15, 12, 0, 0, 999_999, tzinfo=UTC)


def token(**changed):
    fields = {"batch_id": "b1", "user_id": "安", "expires_at": AT, **changed}
    return admission_token(KEY, fields.pop("tenant", "shop"), **fields)


def test_a_token_is_the_one_that_the_format_says():
    assert token() == EXPECTED


def test_a_token_is_one_users_for_one_batch_of_one_tenant_until_one_second():
    others = [
        token(tenant="other"),
        token(batch_id="b2"),
        token(user_id="bob"),
        token(expires_at=AT + timedelta(seconds=1)),
        admission_token(bytes(32), "shop", batch_id="b1", user_id="安", expires_at=AT),
    ]

    assert len({token(), *others}) == 6
    assert token(expires_at=AT.astimezone(timezone(timedelta(hours=8)))) == token()
    assert token(expires_at=AT.replace(microsecond=0)) == token()
