"""What callers asked and what they were told: the only thing that the checks trust."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from rangli.client import CallRefused


class Outcome(Enum):
    """What an attempt tells its caller."""

    OK = auto()  # done, and this is the answer
    REFUSED = auto()  # not done: a definite no
    INFO = auto()  # done or not: nobody knows yet


# Whoever gets one of these must ask again with the same request_id.
IN_DOUBT = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
}


def outcome_of(error: CallRefused) -> Outcome:
    return Outcome.INFO if error.code in IN_DOUBT else Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call. answer: the message's bytes, of OK alone; why: the code and reason otherwise."""

    began_s: float
    ended_s: float
    outcome: Outcome
    answer: bytes = b""
    why: str = ""


@dataclass(slots=True)
class Change:
    """One request with its key, however often it was sent."""

    method: str  # "WalletService/Reserve"
    request_id: str
    request: Message
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """What its caller knows by now: an OK is final, a refusal only where nothing is open."""
        outcomes = {attempt.outcome for attempt in self.attempts}
        if Outcome.OK in outcomes:
            return Outcome.OK
        return Outcome.INFO if Outcome.INFO in outcomes else Outcome.REFUSED

    @property
    def answers(self) -> set[bytes]:
        return {a.answer for a in self.attempts if a.outcome is Outcome.OK}


_Answer = TypeVar("_Answer", bound=Message)


def answer_of(change: Change, kind: type[_Answer]) -> _Answer:
    """Of a change that is acknowledged."""
    return kind.FromString(next(iter(change.answers)))


class History:
    """All changes by key, in the order in which they were first sent."""

    def __init__(self) -> None:
        self.changes: dict[tuple[str, str], Change] = {}

    def change(self, method: str, request: Message) -> Change:
        key = (method, request.request_id)
        change = self.changes.get(key)
        if change is None:
            change = self.changes[key] = Change(method, request.request_id, request)
        assert change.request == request, f"the load used {key} for two requests"
        return change

    def of(self, outcome: Outcome) -> list[Change]:
        return [change for change in self.changes.values() if change.outcome is outcome]

    def told(self) -> str:
        """How many changes ended how, and what the refusals and doubts said."""
        counts: dict[str, int] = {}
        for change in self.changes.values():
            for attempt in change.attempts:
                word = attempt.why or "OK"
                counts[word] = counts.get(word, 0) + 1
        said = ", ".join(f"{word} {count}" for word, count in sorted(counts.items()))
        return f"{len(self.changes)} changes; attempts: {said}"
