"""What other domains ask of budgets: who bears an activity's discounts, and how pools stand."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.core.errors import Invalid, NameTaken, NotFound, Violation
from rangli.core.money import BPS, known_currency
from rangli.funds import store
from rangli.funds.model import FUNDERS_MAX, FundedShare, Funding, Pool, PoolLevel, PoolState, Share
from rangli.ledger.model import AccountKey
from rangli.ledger.store import open_accounts
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection


async def set_funding(
    conn: Connection,
    tenant: str,
    activity_id: str,
    *,
    version: int,
    currency: str,
    shares: Sequence[Share],
    remainder_funder: str | None,
    allow_partial: bool = True,
    path: str = "shares",
    actor: str | None = None,
) -> Funding:
    """Writes who bears an activity's discounts, in the caller's transaction.

    version: 0 for the next one, which is the newest if it says the same.
    remainder_funder: gets what rounding leaves over; None: the largest remainders.
    allow_partial: reservations may ask for whatever a budget that has too little still gives.
    path: where the shares stand in the request, for violations.
    actor: whose event it is; None: the caller tells of it in an event of its own.

    A version is written once: the same again changes nothing. To be called before the caller
    announces a change. Raises Invalid, which names the share, and NameTaken.
    """
    pools = await store.get(conn, tenant, [s.pool_id for s in shares if s.pool_id is not None])
    violations = _violations(currency, shares, remainder_funder, pools, path)
    if violations:
        raise Invalid.fields(*violations)
    await store.lock_funding(conn, tenant, activity_id)
    key = (tenant, activity_id, version)
    before = (await store.fundings(conn, [key])).get(key)
    if before is not None:
        if _says(before, currency, shares, remainder_funder, allow_partial=allow_partial):
            return before
        if version:
            raise NameTaken("version of the activity's funding", f"{activity_id}@{version}")
    made = Funding(
        activity_id,
        version or (before.version + 1 if before else 1),
        currency,
        remainder_funder,
        await _with_accounts(conn, tenant, currency, shares, pools),
        allow_partial,
    )
    if not await store.insert_funding(conn, tenant, made):
        raise NameTaken("version of the activity's funding", f"{activity_id}@{made.version}")
    if actor is not None:
        await emit(
            conn,
            tenant=tenant,
            subject_kind="activity_funding",
            subject_id=activity_id,
            event_type="activity_funding.set",
            actor=actor,
            payload={"version": made.version, "currency": currency},
        )
    return made


async def get_funding(
    conn: Connection, tenant: str, activity_id: str, *, version: int = 0
) -> Funding:
    """That version of an activity's funding, 0: the newest; raises NotFound."""
    key = (tenant, activity_id, version)
    found = (await store.fundings(conn, [key])).get(key)
    if found is None:
        raise NotFound(
            "funding of the activity", f"{activity_id}@{version}" if version else activity_id
        )
    return found


async def is_known(conn: Connection, tenant: str, activity_id: str) -> bool:
    """Whether anybody has said who bears the discounts of an activity of that id."""
    key = (tenant, activity_id, 0)
    return key in await store.fundings(conn, [key])


async def pool_levels(conn: Connection, tenant: str) -> dict[str, PoolLevel]:
    """The levels of the tenant's pools, by id; what is not in it is OK."""
    return await store.levels(conn, tenant)


async def _with_accounts(
    conn: Connection,
    tenant: str,
    currency: str,
    shares: Sequence[Share],
    pools: dict[str, Pool],
) -> tuple[FundedShare, ...]:
    # What no pool limits is journaled all the same: the funder's own account has no floor.
    wanted = {
        AccountKey(tenant, f"funder/{share.funder}", kind, currency): floor
        for share in shares
        if share.pool_id is None
        for kind, floor in (("budget", None), ("spent", 0))
    }
    ids = await open_accounts(conn, wanted) if wanted else {}

    def funded(share: Share) -> FundedShare:
        if share.pool_id is not None:
            pool = pools[share.pool_id]
            source, target = pool.budget_account_id, pool.spent_account_id
        else:
            source, target = (
                ids[AccountKey(tenant, f"funder/{share.funder}", kind, currency)]
                for kind in ("budget", "spent")
            )
        return FundedShare(share.funder, share.pool_id, share.share_bps, source, target)

    return tuple(funded(share) for share in shares)


def _says(
    funding: Funding,
    currency: str,
    shares: Sequence[Share],
    remainder_funder: str | None,
    *,
    allow_partial: bool,
) -> bool:
    said = tuple(Share(s.funder, s.pool_id, s.share_bps) for s in funding.shares)
    return (said, funding.currency, funding.remainder_funder, funding.allow_partial) == (
        tuple(shares),
        currency,
        remainder_funder,
        allow_partial,
    )


def _violations(
    currency: str,
    shares: Sequence[Share],
    remainder_funder: str | None,
    pools: dict[str, Pool],
    path: str,
) -> list[Violation]:
    found = []
    if not known_currency(currency):
        found.append(Violation("currency", "must be an ISO 4217 code, such as USD"))
    if not 1 <= len(shares) <= FUNDERS_MAX:
        found.append(Violation(path, f"must be 1 to {FUNDERS_MAX}"))
    if sum(share.share_bps for share in shares) != BPS:
        found.append(Violation(path, f"shares must make {BPS} bps in all"))
    funders = [share.funder for share in shares]
    if remainder_funder is not None and remainder_funder not in funders:
        found.append(Violation(path, f"{remainder_funder!r} takes the remainder but has no share"))
    for index, share in enumerate(shares):
        at = f"{path}[{index}]"
        if share.funder in funders[:index]:
            found.append(Violation(f"{at}.funder", "each funder once"))
        if not 1 <= share.share_bps <= BPS:
            found.append(Violation(f"{at}.share_bps", f"must be 1 to {BPS}"))
        if share.pool_id is not None and (
            problem := _problem(pools.get(share.pool_id), share, currency)
        ):
            found.append(Violation(f"{at}.pool_id", problem))
    return found


def _problem(pool: Pool | None, share: Share, currency: str) -> str | None:
    if pool is None:
        return f"no pool is named {share.pool_id!r}"
    if pool.state is not PoolState.OPEN:
        return f"the pool is {pool.state}"
    if pool.currency != currency:
        return f"the pool's currency is {pool.currency}"
    if pool.funder != share.funder:
        return f"the pool is of {pool.funder!r}"
    return None
