"""`rangli issue start | show | watch | pause | resume | speed | cancel | failures`.

A job gives a coupon of a batch to every member of a set of users. The server does it, also while
nobody watches; these commands only ask it to.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rangli.cli import text
from rangli.cli.asking import Actor, Asking, Tenant
from rangli.cli.server import Server, asks_server
from rangli.cli.table import Table
from rangli.cli.watching import ended_well, line, state_of, watched
from rangli.client import RangliClient
from rangli.client.calls import fresh_request_id
from rangli.v1.coupon_jobs_pb2 import (
    ChangeIssueJobRequest,
    IssueFailure,
    IssueJob,
    StartIssueJobRequest,
)
from rangli.v1.selection_service_pb2 import SET_KIND_USER

issue = typer.Typer(
    help="Coupons for a whole set of users: jobs that the server works off by itself.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JobId = Annotated[str, typer.Argument(help="As `start` and `show` print it")]
Watch = Annotated[bool, typer.Option("--watch", help="Go on as `watch` does")]
PER_S_MAX = 100_000
_asking = Asking("issue")


@issue.command()
@asks_server()
def start(
    batch_id: Annotated[str, typer.Argument(help="Whose coupons")],
    set_id: Annotated[str, typer.Argument(help="The set of users who get one each")],
    *,
    members: Annotated[
        Path | None,
        typer.Option(help="Make the users of this file, one a line, the set's next version first"),
    ] = None,
    per_s: Annotated[
        int, typer.Option(min=0, max=PER_S_MAX, help="At most so many a second; 0: no limit")
    ] = 0,
    reason: Annotated[str, typer.Option(help="For the audit and the coupons")] = "",
    request_id: Annotated[
        str, typer.Option(help="The same again is the same job [a fresh one]")
    ] = "",
    watch: Watch = False,
    server: Server,
    tenant: Tenant = "default",
    actor: Actor = "cli",
) -> None:
    """Begin to give every member of a set of users a coupon of a batch; prints the job."""
    users = None if members is None else _users(members)
    request_id = request_id or fresh_request_id()

    async def begin(client: RangliClient) -> IssueJob:
        if users is not None:
            await client.selection.import_set(set_id, SET_KIND_USER, users, request_id=request_id)
        return await client.coupons.start_job(
            StartIssueJobRequest(
                request_id=request_id,
                batch_id=batch_id,
                set_id=set_id,
                per_s_max=per_s,
                reason=reason,
            )
        )

    job = _asking.ask(begin, server, tenant, actor)
    typer.echo(line(job))
    if watch:
        _watch(job.job_id, server, tenant)


@issue.command()
@asks_server()
def show(
    job_id: Annotated[str, typer.Argument(help="Default: all of them, the newest first")] = "",
    *,
    batch: Annotated[str, typer.Option(help="Only the jobs of this batch")] = "",
    server: Server,
    tenant: Tenant = "default",
) -> None:
    """Print how a job stands, or which jobs there are."""
    if job_id:
        typer.echo(line(_job(job_id, server, tenant)))
        return

    async def listed(client: RangliClient) -> list[IssueJob]:
        return [job async for job in client.coupons.jobs(batch_id=batch)]

    jobs = _asking.ask(listed, server, tenant)
    rows = [
        [job.job_id, job.batch_id, job.set_id, state_of(job)]
        + [f"{count:,}" for count in (job.members, job.given, job.had, job.failed)]
        for job in jobs
    ]
    head = ["job", "batch", "set", "state", "members", "given", "had", "failed"]
    table = Table("Issue jobs", head=head, rows=rows, right=frozenset(range(4, 8)))
    typer.echo(text.render(table), nl=False)


@issue.command()
@asks_server()
def watch(job_id: JobId, *, server: Server, tenant: Tenant = "default") -> None:
    """Show a job's progress until it rests; 0 if every member has a coupon then, else 1.

    Ctrl-C ends the watching, not the job.
    """
    _watch(job_id, server, tenant)


@issue.command()
@asks_server()
def pause(
    job_id: JobId, *, server: Server, tenant: Tenant = "default", actor: Actor = "cli"
) -> None:
    """Nothing more is given once this is answered, until the job is resumed."""
    _change(job_id, "PAUSE", server, tenant, actor)


@issue.command()
@asks_server()
def resume(
    job_id: JobId,
    *,
    watch: Watch = False,
    server: Server,
    tenant: Tenant = "default",
    actor: Actor = "cli",
) -> None:
    """Go on with a job that was paused or has stopped; who failed is tried again."""
    _change(job_id, "RESUME", server, tenant, actor)
    if watch:
        _watch(job_id, server, tenant)


@issue.command()
@asks_server()
def speed(
    job_id: JobId,
    per_s: Annotated[
        int, typer.Argument(min=0, max=PER_S_MAX, help="At most so many a second; 0: no limit")
    ],
    *,
    server: Server,
    tenant: Tenant = "default",
    actor: Actor = "cli",
) -> None:
    """Change how fast a job goes."""
    _change(job_id, "SPEED", server, tenant, actor, per_s_max=per_s)


@issue.command()
@asks_server()
def cancel(
    job_id: JobId, *, server: Server, tenant: Tenant = "default", actor: Actor = "cli"
) -> None:
    """End a job for good; what was given stays."""
    _change(job_id, "CANCEL", server, tenant, actor)


@issue.command()
@asks_server()
def failures(job_id: JobId, *, server: Server, tenant: Tenant = "default") -> None:
    """Print whom a job could not give a coupon: user, reason and message, parted by tabs."""

    async def told(client: RangliClient) -> None:
        async for failure in client.coupons.job_failures(job_id):
            typer.echo(_failure(failure))

    _asking.ask(told, server, tenant)


def _job(job_id: str, server: Server, tenant: str) -> IssueJob:
    return _asking.ask(lambda client: client.coupons.job(job_id), server, tenant)


def _change(
    job_id: str, change: str, server: Server, tenant: str, actor: str, *, per_s_max: int = 0
) -> None:
    request = ChangeIssueJobRequest(
        job_id=job_id,
        change=f"ISSUE_JOB_CHANGE_{change}",
        per_s_max=per_s_max,
    )
    changed = _asking.ask(lambda client: client.coupons.change_job(request), server, tenant, actor)
    typer.echo(line(changed))


def _watch(job_id: str, server: Server, tenant: str) -> None:
    try:
        job = _asking.ask(lambda client: watched(client, job_id), server, tenant)
    except KeyboardInterrupt:
        typer.echo(f"The job goes on: rangli issue watch {job_id}", err=True)
        sys.exit(130)
    typer.echo(line(job))
    if job.failed:
        typer.echo(f"Who and why: rangli issue failures {job_id}", err=True)
    sys.exit(0 if ended_well(job) else 1)


def _users(file: Path) -> list[str]:
    try:
        users = [name for row in file.read_text("utf-8").splitlines() if (name := row.strip())]
    except (OSError, UnicodeError) as error:
        _asking.fail(f"{file}: {error}")
    if not users:
        _asking.fail(f"{file}: names nobody")
    return users


def _failure(failure: IssueFailure) -> str:
    return "\t".join((failure.user_id, failure.reason, failure.message))
