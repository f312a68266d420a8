"""An activity's life: where it stands, and which verbs lead where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Reason, Refused


class RunState(StrEnum):
    """What an operator has said of the activity as a whole."""

    UNPUBLISHED = "UNPUBLISHED"
    PUBLISHED = "PUBLISHED"
    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"
    ARCHIVED = "ARCHIVED"


class VersionState(StrEnum):
    """Where one version of an activity stands."""

    DRAFT = "DRAFT"
    REVIEWING = "REVIEWING"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    LIVE = "LIVE"
    SUPERSEDED = "SUPERSEDED"


class ActivityState(StrEnum):
    """Where the activity stands now, as callers see it."""

    DRAFT = "DRAFT"
    REVIEWING = "REVIEWING"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"
    ARCHIVED = "ARCHIVED"


class Verb(StrEnum):
    """What an operator can do to an activity that exists."""

    UPDATE = "update"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    PUBLISH = "publish"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ARCHIVE = "archive"


# A verb moves the version in preparation, or the activity as a whole.
_VERSION_MOVES = {
    Verb.SUBMIT: ({VersionState.DRAFT}, VersionState.REVIEWING),
    Verb.APPROVE: ({VersionState.REVIEWING}, VersionState.APPROVED),
    Verb.REJECT: ({VersionState.REVIEWING, VersionState.APPROVED}, VersionState.REJECTED),
    Verb.PUBLISH: ({VersionState.APPROVED}, VersionState.LIVE),
}
_RUN_MOVES = {
    Verb.PAUSE: ({ActivityState.SCHEDULED, ActivityState.RUNNING}, RunState.PAUSED),
    Verb.RESUME: ({ActivityState.PAUSED}, RunState.PUBLISHED),
    Verb.CANCEL: (
        set(ActivityState) - {ActivityState.CANCELLED, ActivityState.ARCHIVED},
        RunState.CANCELLED,
    ),
    Verb.ARCHIVE: ({ActivityState.ENDED, ActivityState.CANCELLED}, RunState.ARCHIVED),
}
NEEDS_REASON = {Verb.REJECT, Verb.CANCEL}


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity with one of its versions: the newest, unless another was asked for."""

    activity_id: str
    run_state: RunState
    live_version: int
    latest_version: int
    revision: int
    price_entries: int
    created_at: datetime
    updated_at: datetime
    version: int
    version_state: VersionState
    spec: ActivitySpec
    live_starts_at: datetime | None
    live_ends_at: datetime | None

    def state(self, at: datetime) -> ActivityState:
        """Where it stands at that instant: computed, so that no job has to move it."""
        if self.run_state in (RunState.CANCELLED, RunState.ARCHIVED):
            return ActivityState(self.run_state.value)
        if self.live_starts_at is None or self.live_ends_at is None:
            return ActivityState(self.version_state.value)
        if at >= self.live_ends_at:
            return ActivityState.ENDED
        if self.run_state is RunState.PAUSED:
            return ActivityState.PAUSED
        return ActivityState.SCHEDULED if at < self.live_starts_at else ActivityState.RUNNING

    def version_state_after(self, verb: Verb, at: datetime) -> VersionState | None:
        """What the verb makes of the newest version; None if the verb is not about versions."""
        if verb not in _VERSION_MOVES:
            return None
        self._refuse_if_over(verb)
        allowed, after = _VERSION_MOVES[verb]
        if self.version_state not in allowed:
            none_prepared = self.version_state is VersionState.LIVE
            state = self.state(at).value if none_prepared else self.version_state.value
            raise self._wrong(verb, state, allowed)
        return after

    def run_state_after(self, verb: Verb, at: datetime) -> RunState:
        """What the verb makes of the activity as a whole."""
        if verb is Verb.PUBLISH:
            # A new version of a paused activity waits for the operator to resume.
            return RunState.PAUSED if self.run_state is RunState.PAUSED else RunState.PUBLISHED
        if verb not in _RUN_MOVES:
            return self.run_state
        allowed, after = _RUN_MOVES[verb]
        state = self.state(at)
        if state not in allowed:
            raise self._wrong(verb, state.value, allowed)
        return after

    def refuse_update(self) -> None:
        """Raises unless a new spec may be given now."""
        self._refuse_if_over(Verb.UPDATE)
        if self.version_state is VersionState.REVIEWING:
            over = {ActivityState.CANCELLED, ActivityState.ARCHIVED}
            allowed = set(ActivityState) - over - {ActivityState.REVIEWING}
            raise self._wrong(Verb.UPDATE, self.version_state.value, allowed)

    def _refuse_if_over(self, verb: Verb) -> None:
        if self.run_state in (RunState.CANCELLED, RunState.ARCHIVED):
            allowed = set(ActivityState) - {ActivityState.CANCELLED, ActivityState.ARCHIVED}
            raise self._wrong(verb, self.run_state.value, allowed)

    def _wrong(
        self, verb: Verb, state: str, allowed: set[VersionState] | set[ActivityState]
    ) -> Refused:
        names = ", ".join(sorted(item.value for item in allowed))
        return Refused(
            Reason.WRONG_STATE,
            f"{self.activity_id!r} is {state}; to {verb.value} it must be one of: {names}",
            metadata={"activity_id": self.activity_id, "state": state, "allowed": names},
        )
