"""`rangli lint`: what is wrong, or may go wrong, with a tenant's activities."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from rangli.cli import drafts, text
from rangli.cli.server import Server, asks_server
from rangli.cli.table import Table
from rangli.client import CallRefused
from rangli.v1.lint_pb2 import Draft, Finding, FindingKind, LintActivitiesResponse, Severity

_IDS_SHOWN = 4


@asks_server()
def lint(
    activity_ids: Annotated[
        list[str] | None, typer.Argument(help="About these only; none: about all")
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--drafts", help="Drafts to look at, YAML or JSON")
    ] = None,
    off_bps_max: Annotated[
        int, typer.Option(min=0, max=10_000, help="Tell of stacks that give away more [5000]")
    ] = 0,
    channel: Annotated[str, typer.Option(help="Whose policy counts [the tenant's]")] = "",
    tenant: Annotated[str, typer.Option(help="Whose activities")] = "default",
    server: Server,
) -> None:
    """Tell what is wrong, or may go wrong, with activities; 1 if there are errors."""
    try:
        tried = list(drafts.read(file).drafts)
        answer = asyncio.run(
            _ask(
                server,
                tenant,
                activity_ids or [],
                tried=tried,
                off_bps_max=off_bps_max,
                channel=channel,
            )
        )
    except (CallRefused, drafts.BadFile) as error:
        typer.echo(f"rangli lint: {error}", err=True)
        sys.exit(2)
    typer.echo(report(answer), nl=False)
    sys.exit(1 if _count(answer, "ERROR") else 0)


async def _ask(
    server: Server,
    tenant: str,
    activity_ids: list[str],
    *,
    tried: list[Draft],
    off_bps_max: int,
    channel: str,
) -> LintActivitiesResponse:
    async with server.client(tenant=tenant, actor="lint") as client:
        return await client.lint.activities(
            *activity_ids, drafts=tried, off_bps_max=off_bps_max, channel=channel
        )


def report(answer: LintActivitiesResponse) -> str:
    """The findings as people read them."""
    if not answer.findings:
        return f"Nothing found in catalogue version {answer.catalogue_version}.\n"
    counts = [f"{_count(answer, name)} {name.lower()}s" for name in ("ERROR", "WARNING", "NOTE")]
    more = "There may be more than are shown." if answer.truncated else ""
    drawn = [
        text.render(
            Table(
                f"{', '.join(counts)} in catalogue version {answer.catalogue_version}",
                head=["", "", "activities"],
                rows=[_row(finding) for finding in answer.findings],
                note=more,
            )
        )
    ]
    drawn += [f"\n{number:>4}. {f.message}" for number, f in enumerate(answer.findings, 1)]
    return "".join(drawn) + "\n"


def _row(finding: Finding) -> list[str]:
    ids = list(finding.activity_ids[:_IDS_SHOWN])
    if len(finding.activity_ids) > _IDS_SHOWN:
        ids.append("...")
    kind = FindingKind.Name(finding.kind).removeprefix("FINDING_KIND_")
    return [_severity(finding), kind.lower().replace("_", " "), ", ".join(ids)]


def _severity(finding: Finding) -> str:
    return Severity.Name(finding.severity).removeprefix("SEVERITY_")


def _count(answer: LintActivitiesResponse, severity: str) -> int:
    return sum(_severity(finding) == severity for finding in answer.findings)
