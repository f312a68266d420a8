"""Messages written in parts are the messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rangli.v1 import quote_pb2 as qb
from rangli.wire.written import Written, field


@given(st.text(max_size=300))
def test_a_field_is_read_as_it_was_written(text: str) -> None:
    written = field(qb.QuoteRequest.USER_ID_FIELD_NUMBER, text.encode())

    assert written == qb.QuoteRequest(user_id=text).SerializeToString() or not text
    assert qb.QuoteRequest.FromString(written) == qb.QuoteRequest(user_id=text)


def test_a_field_of_a_high_number_and_a_long_message_is_written() -> None:
    terms = qb.QuoteTerms(activities=[{"activity_id": "x" * 300}] * 100)

    written = field(qb.QuoteResponse.TERMS_FIELD_NUMBER, terms.SerializeToString())

    assert written == qb.QuoteResponse(terms=terms).SerializeToString()


def test_what_is_kept_is_written_once_and_never_taken_for_another() -> None:
    asked: list[str] = []

    def write(name: list[str]) -> bytes:
        asked.append(name[0])
        return name[0].encode()

    written = Written(write, most=2)
    one, same = ["a"], ["a"]

    assert [written.of(each) for each in (one, one, same)] == [b"a", b"a", b"a"]
    assert asked == ["a", "a"]
    assert written.of(["b"]) == b"b"  # more than are kept: the others are written again
    assert written.of(one) == b"a"
    assert asked == ["a", "a", "b", "a"]
