"""`rangli policy put | get | list | assign | picture`: policies from files and for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from rangli.activities.policies.picture import picture as drawn
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.spec import PolicySpec
from rangli.cli.asking import Actor, Asking, Tenant
from rangli.cli.server import Server, asks_server
from rangli.client import RangliClient
from rangli.v1.policy_pb2 import StackingPolicy
from rangli.wire.convert import to_struct

policy = typer.Typer(
    help="Stacking policies: which there are, and which channel uses which.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Version = Annotated[int, typer.Option(help="0: the newest")]
_asking = Asking("policy")


@policy.command()
@asks_server()
def put(
    file: Annotated[Path, typer.Argument(help="YAML or JSON, as `get` prints it")],
    *,
    reason: Annotated[str, typer.Option(help="For the audit")] = "",
    server: Server,
    tenant: Tenant = "default",
    actor: Actor = "cli",
) -> None:
    """Write the next version of the policy in the file."""
    message = _read(file)
    written = _asking.ask(
        lambda client: client.policies.put(message, reason=reason), server, tenant, actor
    )
    typer.echo(f"{written.policy_id} is at version {written.version}")


@policy.command()
@asks_server()
def get(
    policy_id: str,
    *,
    version: Version = 0,
    server: Server,
    tenant: Tenant = "default",
) -> None:
    """Print a policy, or a preset, as a file for `put`."""
    found = _asking.ask(
        lambda client: client.policies.get(policy_id, version=version), server, tenant
    )
    said = MessageToDict(found, preserving_proto_field_name=True)
    typer.echo(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100), nl=False)


@policy.command("list")
@asks_server()
def list_all(*, server: Server, tenant: Tenant = "default") -> None:
    """Print the tenant's policies, the presets, and what channels are priced with."""

    async def both(client: RangliClient) -> tuple[list[StackingPolicy], list[str]]:
        assignments = await client.policies.assignments()
        used = [
            f"{channel or 'every other channel':<24} {item.policy_id}"
            + (f" version {item.version}" if item.version else "")
            for channel, item in assignments.items()
        ]
        return await client.policies.list(), used

    policies, used = _asking.ask(both, server, tenant)
    for item in policies:
        kind = "preset" if item.preset_of else f"version {item.version}"
        typer.echo(f"{item.policy_id:<24} {kind:<12} {item.display_name}")
    typer.echo("\n".join(["", *(used or [f"{'every channel':<24} default"])]))


@policy.command()
@asks_server()
def assign(
    policy_id: Annotated[str, typer.Argument(help='A policy or preset; "" takes it back')],
    *,
    reason: Annotated[str, typer.Option(help="For the audit")],
    channel: Annotated[str, typer.Option(help="Default: every channel without its own")] = "",
    version: Version = 0,
    server: Server,
    tenant: Tenant = "default",
    actor: Actor = "cli",
) -> None:
    """Price a channel's carts with the policy from now on."""
    _asking.ask(
        lambda client: client.policies.assign(
            policy_id, channel=channel, version=version, reason=reason
        ),
        server,
        tenant,
        actor,
    )
    typer.echo(f"{channel or 'every other channel'}: {policy_id or 'nothing of its own'}")


@policy.command()
@asks_server()
def picture(
    policy_id: Annotated[str, typer.Argument(help="A preset (needs no server) or a policy")],
    *,
    out: Annotated[Path | None, typer.Option(help="Default: standard output")] = None,
    version: Version = 0,
    server: Server,
    tenant: Tenant = "default",
) -> None:
    """Draw a policy's groups as an SVG."""
    spec = PRESETS.get(policy_id)
    if spec is None:
        found = _asking.ask(
            lambda client: client.policies.get(policy_id, version=version), server, tenant
        )
        spec = to_struct(found, PolicySpec, "policy")
    if out is None:
        typer.echo(drawn(spec), nl=False)
    else:
        out.write_text(drawn(spec), "utf-8")


def _read(file: Path) -> StackingPolicy:
    try:
        said = yaml.safe_load(file.read_text("utf-8"))
        if not isinstance(said, dict):
            _asking.fail(f"{file}: must hold the fields of a policy")
        return ParseDict(said, StackingPolicy())
    except (OSError, UnicodeError, yaml.YAMLError, ParseError) as error:
        _asking.fail(f"{file}: {error}")
