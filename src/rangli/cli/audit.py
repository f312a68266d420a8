"""`rangli audit`: what the stored data breaks of what must hold at all times."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer

from rangli.checkout import audit as checkout
from rangli.cli import text
from rangli.cli.serve import DataDir, Expected
from rangli.cli.table import Table
from rangli.core.errors import Unavailable
from rangli.core.money import format_minor, known_currency
from rangli.counters import audit as counters
from rangli.coupons import audit as coupons
from rangli.funds import audit as funds
from rangli.ledger import audit as ledger
from rangli.server.logs import configure_logging
from rangli.server.settings import ServerSettings
from rangli.storage.audit import Check, Finding, snapshot
from rangli.storage.audit import audit as run
from rangli.storage.embedded import existing_postgres
from rangli.storage.postgres import NOT_MIGRATED, PostgresError, open_pool
from rangli.storage.settings import StorageSettings
from rangli.wallet import audit as wallet

CHECKS: tuple[Check, ...] = (
    *counters.CHECKS,
    *coupons.CHECKS,
    *ledger.CHECKS,
    *funds.CHECKS,
    *wallet.CHECKS,
    *checkout.CHECKS,
)
_CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found, and where asked for, what the accounts hold."""

    findings: Sequence[Finding]
    balance: Sequence[Mapping[str, Any]] | None


def audit(
    *,
    tenant: Annotated[str | None, typer.Option(help="Of this one only [all]")] = None,
    trial_balance: Annotated[
        bool, typer.Option("--trial-balance", help="Also what the accounts of each kind hold")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
    data_dir: DataDir = None,
) -> None:
    """Tell which invariants the stored data breaks, and in which rows; 1 if any.

    Of the PostgreSQL that RANGLI_POSTGRES_DSN names, else of the data folder's: the one that
    `rangli serve` runs there, or if nobody serves, started for this. Reads one moment of it, while
    the service works; changes nothing. 2 if there is nothing to read, or it cannot be read.
    """
    overrides = {} if data_dir is None else {"data_dir": data_dir}
    try:
        configure_logging(ServerSettings.load())  # to stderr: what is printed is the report
        with _postgres(StorageSettings.load(**overrides)) as dsn:
            report = asyncio.run(_report(dsn, tenant, trial_balance=trial_balance))
    except NOT_MIGRATED as error:
        _fail(f"the database is not migrated ({error}): run `rangli migrate`")
    # Whatever keeps it from reading says nothing about the books, so it is never a 1.
    except (*Expected, Unavailable, PostgresError) as error:
        _fail(str(error))
    typer.echo(_as_json(report) if as_json else _as_text(report), nl=False)
    sys.exit(1 if report.findings else 0)


def _postgres(settings: StorageSettings) -> AbstractContextManager[str]:
    """The DSN to read; a given one leaves the data folder alone."""
    if settings.postgres_dsn is not None:
        return nullcontext(settings.postgres_dsn)
    return existing_postgres(settings.data_dir)


def _fail(why: str) -> NoReturn:
    typer.echo(f"rangli audit: {why}", err=True)
    sys.exit(2)


async def _report(dsn: str, tenant: str | None, *, trial_balance: bool) -> Report:
    pool = await open_pool(
        dsn,
        size_min=1,
        size_max=1,
        acquire_timeout_s=_CONNECT_TIMEOUT_S,
        connect_timeout_s=_CONNECT_TIMEOUT_S,
    )
    try:
        async with snapshot(pool) as conn:
            findings = await run(conn, CHECKS, tenant=tenant)
            balance = await ledger.trial_balance(conn, tenant=tenant) if trial_balance else None
    finally:
        await pool.close()
    return Report(findings, None if balance is None else [dict(row) for row in balance])


def _as_text(report: Report) -> str:
    parts = [_finding(found) for found in report.findings]
    if report.balance is not None:
        parts.append(_balance(report.balance))
    failed = f"{len(report.findings)} of {len(CHECKS)} checks failed.\n"
    parts.append(failed if report.findings else f"All {len(CHECKS)} checks hold.\n")
    return "\n".join(parts)


def _finding(found: Finding) -> str:
    more = found.count - len(found.rows)
    return text.render(
        Table(
            f"{found.check.invariant} {found.check.name}: {found.count} broken",
            head=list(found.rows[0]),
            rows=[
                ["" if cell is None else str(cell) for cell in row.values()] for row in found.rows
            ],
            note=f"{found.check.meaning}{f' {more} more are not shown.' if more else ''}",
        )
    )


def _balance(balance: Sequence[Mapping[str, Any]]) -> str:
    columns = ("posted_minor", "pending_out_minor", "pending_in_minor")
    rows = [
        [
            *(row["tenant"], row["unit"], row["kind"], str(row["accounts"])),
            *(_amount(row[column], row["unit"]) for column in columns),
        ]
        for row in balance
    ]
    sums: dict[tuple[str, str], int] = {}
    for row in balance:
        key = row["tenant"], row["unit"]
        sums[key] = sums.get(key, 0) + row["posted_minor"]
    uneven = ", ".join(
        f"{tenant} {unit} {_amount(amount, unit)}"
        for (tenant, unit), amount in sums.items()
        if amount
    )
    return text.render(
        Table(
            "Trial balance",
            head=["tenant", "unit", "kind", "accounts", "posted", "pending out", "pending in"],
            rows=rows,
            right=frozenset({3, 4, 5, 6}),
            note=f"Posted does not sum to zero: {uneven}" if uneven else "Posted sums to zero.",
        )
    )


def _amount(amount_minor: int, unit: str) -> str:
    return format_minor(amount_minor, unit) if known_currency(unit) else str(amount_minor)


def _as_json(report: Report) -> str:
    findings = [
        {
            "check": found.check.name,
            "invariant": found.check.invariant,
            "meaning": found.check.meaning,
            "count": found.count,
            "rows": found.rows,
        }
        for found in report.findings
    ]
    whole: dict[str, object] = {"checks": len(CHECKS), "findings": findings}
    if report.balance is not None:
        whole["trial_balance"] = report.balance
    return json.dumps(whole, indent=2, default=str) + "\n"
