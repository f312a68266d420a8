"""What operators do with policies, each in the caller's transaction."""

from __future__ import annotations

from msgspec.structs import replace

from rangli.activities.policies import store
from rangli.activities.policies.model import Assignment, StoredPolicy
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.spec import PolicySpec
from rangli.core.errors import Invalid, NotFound, Violation
from rangli.storage.changes import announce
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection

# Every process holds all policies of a tenant, and a list answers all of them.
POLICIES_MAX = 100
CHANNELS_MAX = 1_000


async def put(
    conn: Connection, tenant: str, *, actor: str, spec: PolicySpec, reason: str
) -> StoredPolicy:
    """Writes the policy's next version, which is in use wherever no version is named.

    Raises Invalid.
    """
    violations = spec.violations("policy")
    if spec.policy_id in PRESETS:
        violations.append(Violation("policy.policy_id", "is a preset's; choose another"))
    if violations:
        raise Invalid.fields(*violations)
    await store.lock(conn, tenant)
    version = await store.newest_version(conn, tenant, spec.policy_id) + 1
    if version == 1 and await store.count(conn, tenant) >= POLICIES_MAX:
        raise Invalid.fields(Violation("policy.policy_id", f"at most {POLICIES_MAX} policies"))
    spec = replace(spec, version=version, preset_of="")
    await store.insert(conn, tenant, spec, actor=actor, reason=reason)
    await emit(
        conn,
        tenant=tenant,
        subject_kind="policy",
        subject_id=spec.policy_id,
        event_type="policy.put",
        actor=actor,
        payload={"version": version, "reason": reason},
    )
    await announce(conn, tenant, kind="POLICY", subject_id=spec.policy_id, subject_version=version)
    return await get(conn, tenant, spec.policy_id, version=version)


async def get(conn: Connection, tenant: str, policy_id: str, *, version: int = 0) -> StoredPolicy:
    """That version of a policy (0: the newest), or a preset. Raises NotFound."""
    found = await store.get(conn, tenant, policy_id, version=version)
    if found is not None:
        return found
    preset = PRESETS.get(policy_id)
    if preset is None or version:
        raise NotFound("policy", f"{policy_id}@{version}" if version else policy_id)
    return StoredPolicy(preset, None)


async def newest(conn: Connection, tenant: str) -> list[StoredPolicy]:
    """The tenant's policies by id, then the presets."""
    own = await store.newest(conn, tenant)
    return own + [StoredPolicy(preset, None) for preset in PRESETS.values()]


async def assign(
    conn: Connection, tenant: str, *, actor: str, assignment: Assignment, reason: str
) -> Assignment:
    """Chooses what carts of a channel are priced with; without policy_id nothing of its own.

    Raises NotFound and Invalid.
    """
    await store.lock(conn, tenant)
    if assignment.policy_id:
        await get(conn, tenant, assignment.policy_id, version=assignment.version)
    revision = await store.newest_revision(conn, tenant, assignment.channel) + 1
    if revision == 1 and await store.count_channels(conn, tenant) >= CHANNELS_MAX:
        raise Invalid.fields(Violation("channel", f"at most {CHANNELS_MAX} channels"))
    await store.assign(conn, tenant, assignment, revision=revision, actor=actor, reason=reason)
    await emit(
        conn,
        tenant=tenant,
        subject_kind="policy_assignment",
        subject_id=assignment.channel,
        event_type="policy.assigned",
        actor=actor,
        payload={
            "policy_id": assignment.policy_id,
            "version": assignment.version,
            "revision": revision,
            "reason": reason,
        },
    )
    await announce(
        conn,
        tenant,
        kind="ASSIGNMENT",
        subject_id=assignment.channel,
        subject_version=revision,
    )
    return assignment
