"""Codes are made, imported, named, voided and listed."""

from __future__ import annotations

import json
import secrets

import pytest

from rangli.core.errors import Invalid, NameTaken, NotFound, Refused
from rangli.coupons import code_rpc, code_service, codes
from rangli.coupons.code_model import SetKey
from rangli.coupons.code_store import CodeTakenError
from rangli.storage.postgres import transaction
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.codebook import GENERATED, IMPORTED, VANITY, Codebook
from tests.coupons.mint import Mint, refused
from tests.turns import other_call
from tests.world import request_id


@pytest.fixture
async def book(mint: Mint) -> Codebook:
    await mint.batch(stock=1_000, per_user_max=0)
    return Codebook(mint)


async def test_codes_come_once_a_thousand_a_message_after_the_sets_id(book):
    messages = [message async for message in await book.stream(2_500)]

    assert messages[0].code_set.code_set_id
    assert not messages[0].codes
    assert [len(message.codes) for message in messages[1:]] == [1_000, 1_000, 500]
    assert len({code for message in messages for code in message.codes}) == 2_500
    (code_set,) = await book.sets()
    assert code_set == messages[0].code_set
    assert (code_set.kind, code_set.count, code_set.redeemed) == (GENERATED, 2_500, 0)
    assert (await book.mint.seen()).codes == 2_500


async def test_other_calls_have_their_turn_after_every_thousand_codes(book, monkeypatch):
    generate = codes.generate
    async with other_call() as turns:

        def seen(count, prefix):
            turns.note()
            return generate(count, prefix)

        monkeypatch.setattr(codes, "generate", seen)
        messages = [message async for message in await book.stream(4_500)]

    assert [len(message.codes) for message in messages[1:]] == [1_000] * 4 + [500]
    assert (turns.at_once, turns.done.total()) == (1, 5)


async def test_other_calls_have_their_turn_while_codes_are_imported(book, monkeypatch):
    hashed = codes.hashed
    async with other_call() as turns:

        def seen(key, tenant, code):
            turns.note()
            return hashed(key, tenant, code)

        monkeypatch.setattr(codes, "hashed", seen)
        code_set = await book.import_codes([f"PARTNER-{number:05}" for number in range(5_000)])

    assert code_set.count == 5_000
    assert (turns.at_once, turns.done.total()) == (1_000, 5_000)


async def test_other_calls_have_their_turn_while_a_great_many_codes_are_stored(book):
    code_set = await book.import_codes(["PARTNER-0001"])
    key = SetKey(book.mint.world.tenant, code_set.code_set_id)
    async with other_call() as turns:

        class Hash(bytes):
            def __lt__(self, other: bytes) -> bool:
                turns.note()  # what is sorted is compared
                return bytes.__lt__(self, other)

        hashes = [Hash(secrets.token_bytes(32)) for _ in range(60_000)]
        async with transaction(book.mint.world.stores.pg) as conn:
            await code_service.add_generated(conn, key, hashes)

    (kept,) = await book.mint.world.rows("SELECT count(*) FROM coupon_codes WHERE tenant = $1")
    assert kept[0] == 60_001
    # Of ten thousand that are sorted each is compared about thirteen times.
    assert turns.at_once < 15 * 10_000 < turns.done.total() / 4


async def test_a_known_code_among_a_great_many_ends_the_import_whole(book):
    code_set = await book.import_codes(["PARTNER-0001"])
    key = SetKey(book.mint.world.tenant, code_set.code_set_id)
    hashes = [bytes(32), *(secrets.token_bytes(32) for _ in range(30_000))]  # it comes first
    async with transaction(book.mint.world.stores.pg) as conn:
        await code_service.add_generated(conn, key, hashes[:1])

    with pytest.raises(CodeTakenError):
        async with transaction(book.mint.world.stores.pg) as conn:
            await code_service.add_generated(conn, key, hashes)

    (kept,) = await book.mint.world.rows("SELECT count(*) FROM coupon_codes WHERE tenant = $1")
    assert kept[0] == 2


async def test_a_stream_that_breaks_halfway_leaves_good_codes_and_a_set_that_can_be_voided(
    book, monkeypatch
):
    monkeypatch.setattr(code_rpc, "_PER_TRANSACTION", 1_000)
    stream = await book.stream(5_000)
    first, second = await anext(stream), await anext(stream)
    await stream.aclose()

    (code_set,) = await book.sets()
    assert code_set.code_set_id == first.code_set.code_set_id
    assert 1_000 <= code_set.count < 5_000
    await book.redeem(second.codes[0], "ann")
    assert (await book.void(code_set)).is_void
    assert (await refused(book.redeem(second.codes[1], "ben")))["reason"] == "CODE_REFUSED"


async def test_a_set_that_is_voided_while_it_is_made_gets_no_more_codes(book, monkeypatch):
    monkeypatch.setattr(code_rpc, "_PER_TRANSACTION", 1_000)
    stream = await book.stream(5_000)
    first = await anext(stream)
    await anext(stream)
    await book.void(first.code_set)

    with pytest.raises(Refused) as caught:
        [message async for message in stream]

    assert caught.value.metadata["state"] == "VOID"
    (code_set,) = await book.sets()
    assert (code_set.count, code_set.is_void) == (1_000, True)


async def test_only_keyed_hashes_are_kept(book):
    _, (code,) = await book.generate(1)
    await book.import_codes(["PARTNER-0001"])
    await book.put("SUMMER")
    await book.redeem(code)

    kept = []
    for table in ("coupon_codes", "coupon_code_sets", "outbox", "idempotency_records", "coupons"):
        rows = await book.mint.world.rows(f"SELECT t.*::text FROM {table} t WHERE tenant = $1")
        kept += [str(row[0]).lower() for row in rows]
    assert len(kept) > 10
    for secret in (code, code.replace("-", ""), "partner", "summer"):
        assert not [row for row in kept if secret.lower() in row]
        assert not [row for row in kept if secret.lower().encode().hex() in row]


async def test_a_batch_that_is_not_there_or_closed_gets_no_codes(book):
    with pytest.raises(NotFound):
        await book.generate(1, batch_id="nobody")
    with pytest.raises(NotFound):
        await book.put(batch_id="nobody")
    await book.mint.verb("Close")

    for attempt in (book.generate(1), book.put(), book.import_codes(["PARTNER-0001"])):
        assert (await refused(attempt))["reason"] == "WRONG_STATE"
    assert await book.sets() == []


@pytest.mark.parametrize(
    "fields", [{"count": 0}, {"count": 1_000_001}, {"count": 1, "prefix": "a"}]
)
async def test_what_is_out_of_bounds_makes_no_codes(book, fields):
    with pytest.raises(Invalid):
        await book.generate(**fields)
    assert await book.sets() == []


async def test_imported_codes_are_good_for_one_coupon_each(book):
    code_set = await book.import_codes(["PARTNER-0001", "partner 0002"])

    assert (code_set.kind, code_set.count) == (IMPORTED, 2)
    await book.redeem("partner0001", "ann")
    await book.redeem("PARTNER-0002", "ben")
    assert (await refused(book.redeem("PARTNER-0002", "cid")))["reason"] == "CODE_REFUSED"
    assert [one.redeemed for one in await book.sets()] == [2]


async def test_an_import_with_a_known_code_leaves_nothing_and_tells_its_place_alone(book):
    await book.import_codes(["PARTNER-0001"])

    with pytest.raises(NameTaken) as caught:
        await book.import_codes(["PARTNER-0002", "PARTNER0001"])

    assert caught.value.metadata == {"kind": "code", "id": "codes[1]"}
    assert len(await book.sets()) == 1
    assert (await refused(book.redeem("PARTNER-0002")))["reason"] == "CODE_REFUSED"


async def test_an_import_that_is_sent_again_is_the_same_one(book):
    name = request_id()
    first = await book.import_codes(["PARTNER-0001"], request_id=name)

    assert await book.import_codes(["partner-0001"], request_id=name) == first
    with pytest.raises(Invalid):
        await book.import_codes(["PARTNER-0002"], request_id=name)


@pytest.mark.parametrize(
    "code", ["SHORT-1", "-" * 9, "X" * 51, "ABCD\u200bEFGH", "0000-0000-0000-0000-1"]
)
async def test_an_import_with_a_code_that_cannot_be_one_is_refused_without_saying_it(book, code):
    with pytest.raises(Invalid) as caught:
        await book.import_codes(["PARTNER-0001", code])

    assert caught.value.violations[0].field == "codes[1]"
    assert code not in str(caught.value)
    assert await book.sets() == []


async def test_a_code_cannot_be_there_twice_in_an_import(book):
    with pytest.raises(Invalid) as caught:
        await book.import_codes(["PARTNER-0001", "PARTNER-0002", "partner 0001"])

    assert caught.value.violations[0].field == "codes[2]"


async def test_the_header_goes_in_the_first_message_and_only_there(book):
    header = pb.ImportCodesRequest.Header(request_id=request_id(), batch_id="b1")
    for messages in (
        [pb.ImportCodesRequest(codes=["PARTNER-0001"])],
        [pb.ImportCodesRequest(header=header)] * 2,
        [pb.ImportCodesRequest(header=header)],
        [],
    ):
        with pytest.raises(Invalid):
            await book.mint.call("ImportCodes", messages)


async def test_a_vanity_code_that_is_put_again_gets_another_cap(book):
    first = await book.put("SUMMER", 1)
    await book.redeem("summer", "ann")
    assert (await refused(book.redeem("summer", "ben")))["reason"] == "CODE_REFUSED"

    again = await book.put("Summer", 2)

    assert (first.kind, first.code_set_id) == (VANITY, again.code_set_id)
    assert (again.count, again.redeemed) == (2, 1)
    await book.redeem("SUMMER", "ben")


async def test_a_vanity_code_belongs_to_one_batch(book):
    await book.mint.batch("b2")
    await book.put("SUMMER")
    await book.import_codes(["PARTNER-0001"])

    for code, batch_id in (("SUMMER", "b2"), ("PARTNER-0001", "b1")):
        with pytest.raises(NameTaken) as caught:
            await book.put(code, batch_id=batch_id)
        assert code.lower() not in str(caught.value).lower()


@pytest.mark.parametrize("code", ["AB", "A--", "A B C", "SUM_MER", "X" * 51, "AB\u200bC", "A!BC"])
async def test_a_vanity_code_is_letters_digits_and_hyphens(book, code):
    with pytest.raises(Invalid):
        await book.put(code)


async def test_voiding_ends_what_is_not_redeemed_and_can_be_repeated(book):
    code_set, (one, other) = await book.generate(2)
    coupon = await book.redeem(one)

    ended = await book.void(code_set, reason="printed twice")

    assert ended.is_void
    assert await book.void(code_set) == ended
    assert (await refused(book.redeem(other)))["reason"] == "CODE_REFUSED"
    assert await book.mint.get(coupon) == coupon
    assert (await book.mint.seen()).codes == 0
    with pytest.raises(NotFound):
        await book.void(pb.CodeSet(code_set_id="nobody"))


async def test_sets_are_listed_page_by_page_and_per_batch(book):
    await book.mint.batch("b2")
    made = [(await book.generate(1))[0].code_set_id for _ in range(3)]
    await book.generate(1, batch_id="b2")

    request = pb.ListCodeSetsRequest(batch_id="b1", page_size=2)
    first = await book.mint.call("ListCodeSets", request)
    request.page_token = first.next_page_token
    second = await book.mint.call("ListCodeSets", request)

    found = [one.code_set_id for one in (*first.code_sets, *second.code_sets)]
    assert found == sorted(made)
    assert not second.next_page_token


async def test_every_change_of_a_set_is_an_event_of_its_batch(book):
    code_set, _ = await book.generate(1)
    await book.import_codes(["PARTNER-0001"])
    await book.put("SUMMER", 7)
    await book.void(code_set, reason="lost")

    rows = await book.mint.world.rows(
        "SELECT event_type, actor, payload FROM outbox WHERE tenant = $1"
        " AND subject_kind = 'coupon_batch' AND payload ? 'code_set_id' ORDER BY event_seq"
    )
    assert [row["event_type"].removeprefix("coupon_batch.") for row in rows] == [
        *("codes_generated", "codes_imported", "vanity_code_put", "codes_voided")
    ]
    assert {row["actor"] for row in rows} == {"olga"}
    assert json.loads(rows[-1]["payload"])["reason"] == "lost"
