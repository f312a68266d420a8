"""What a refusal carries."""

from __future__ import annotations

from rangli.core.errors import Invalid, NotFound, RangliError, Reason, Refused, Violation


def test_facts_are_sent_as_text() -> None:
    refused = Refused(Reason.WRONG_STATE, "no", metadata={"revision": 3, "state": None})

    assert refused.metadata == {"revision": "3", "state": "None"}
    assert str(refused) == refused.message == "no"


def test_one_violation_stands_alone_and_more_are_counted() -> None:
    one, two = Violation("a", "must be b"), Violation("c", "too")

    assert Invalid.fields(one).message == "a: must be b"
    assert Invalid.fields(one, two, two).message == "a: must be b (and 2 more)"


def test_a_name_is_shown_so_that_it_cannot_fake_a_line_of_a_log() -> None:
    assert "\n" not in NotFound("set", "a\nlevel=error").message


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = [RangliError]
    for kind in kinds:
        # What else is told apart further up is still one of these to callers.
        kinds += [sub for sub in kind.__subclasses__() if sub.__module__ == RangliError.__module__]

    codes = [kind.code for kind in kinds]

    assert len(set(codes)) == len(codes)
