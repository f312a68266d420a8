"""Names and texts that may go on, and those that may not."""

from __future__ import annotations

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import activity_service_pb2 as pb
from rangli.wire.fingerprint import StreamPrint, fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of

UUID = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
STEERING = [
    f"{{{UUID}}}",  # braces steer Redis slots
    f"{UUID} ",
    f"{UUID}\r\n",
    f"{UUID}\0",
    f"\u202e{UUID}",
    f"{UUID}\u200b",
    "",
]


@pytest.mark.parametrize("name", [UUID, "a", "Aa_0.-:", "x" * 100])
def test_a_resource_id_is_plain_letters_digits_and_few_signs(name: str) -> None:
    assert resource_id_of(name, "id") == name


@pytest.mark.parametrize("name", [*STEERING, "x" * 101, "é", "a/b", "a%00", "../a"])
def test_other_resource_ids_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        resource_id_of(name, "there.id")

    assert refused.value.violations[0].field == "there.id"


@pytest.mark.parametrize("key", [UUID, "order 17: {a}", "键", "k" * 64])
def test_a_request_id_is_any_printable_text(key: str) -> None:
    assert request_id_of(key) == key


@pytest.mark.parametrize("key", ["", "k" * 65, *STEERING[2:]])
def test_other_request_ids_are_refused(key: str) -> None:
    with pytest.raises(Invalid):
        request_id_of(key)


@pytest.mark.parametrize("text", ["", "two\nlines\tand a tab", "نيم\u200cفاصله", "🎉", "x" * 10])
def test_a_text_for_people_may_be_of_any_script(text: str) -> None:
    assert text_of(text, "text", 10 if len(text) <= 10 else 100) == text


@pytest.mark.parametrize("text", ["\0", "a\rb", "\x1b[31m", "\x7f", "\x85", "x" * 101])
def test_a_text_for_people_holds_no_control_characters(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        text_of(text, "text", 100)

    assert refused.value.violations[0].field == "text"


def test_a_fingerprint_is_of_all_that_was_said() -> None:
    one = pb.ActivityVerbRequest(request_id="r", activity_id="a")
    same = pb.ActivityVerbRequest(activity_id="a", request_id="r")
    other = pb.ActivityVerbRequest(request_id="r", activity_id="b")

    assert fingerprint(one) == fingerprint(same)
    assert len({fingerprint(one), fingerprint(other), fingerprint(one, b"x")}) == 3


def test_items_of_a_stream_do_not_run_into_each_other() -> None:
    def digest(*items: bytes) -> bytes:
        content = StreamPrint()
        for item in items:
            content.add(item)
        return content.digest()

    assert len({digest(), digest(b""), digest(b"ab"), digest(b"a", b"b"), digest(b"b", b"a")}) == 5
    assert digest(b"a", b"b") == digest(b"a", b"b")
