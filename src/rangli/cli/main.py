"""The command `rangli` and its sub-commands."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from rangli import __version__

app = typer.Typer(
    name="rangli",
    help="A promotion service: what a shopper pays, and nothing given twice.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

# What a command needs takes long to import and may belong to an extra: its module, with its options
# and its --help, is loaded when it is called.
_LATER = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@app.command(context_settings=_LATER)
def serve(ctx: typer.Context) -> None:
    """Serve over gRPC, with our own PostgreSQL and Valkey unless others are given."""
    _run("rangli.cli.serve", "serve", ctx.args)


@app.command(context_settings=_LATER)
def migrate(ctx: typer.Context) -> None:
    """Bring the schema of the Postgres up to date."""
    _run("rangli.cli.serve", "migrate", ctx.args)


@app.command(context_settings=_LATER)
def audit(ctx: typer.Context) -> None:
    """Tell which invariants the stored data breaks, and in which rows; 1 if any."""
    _run("rangli.cli.audit", "audit", ctx.args)


@app.command(context_settings=_LATER)
def health(ctx: typer.Context) -> None:
    """Print what a running server serves; 0 if the whole is served, else 1."""
    _run("rangli.cli.health", "health", ctx.args)


@app.command(context_settings=_LATER)
def policy(ctx: typer.Context) -> None:
    """Stacking policies: put, get, list, assign, picture."""
    _run("rangli.cli.policy", "policy", ctx.args)


@app.command(context_settings=_LATER)
def issue(ctx: typer.Context) -> None:
    """Coupons for a whole set of users: start, show, watch, pause, resume and more."""
    _run("rangli.cli.issue", "issue", ctx.args)


@app.command(context_settings=_LATER)
def lint(ctx: typer.Context) -> None:
    """Tell what is wrong, or may go wrong, with activities; 1 if there are errors."""
    _run("rangli.cli.lint", "lint", ctx.args)


@app.command(context_settings=_LATER)
def simulate(ctx: typer.Context) -> None:
    """Tell what drafts would change on recorded carts, or on the demo's baskets."""
    _run("rangli.cli.simulate", "simulate", ctx.args)


@app.command(context_settings=_LATER)
def demo(ctx: typer.Context) -> None:
    """Price a real retailer's baskets over gRPC and compare with what the tills recorded."""
    _run("rangli.cli.demo.command", "demo", ctx.args)


@app.command(context_settings=_LATER)
def bench(ctx: typer.Context) -> None:
    """Measure: the kernel, a quote against an echo, the catalogue's size."""
    _run("rangli.cli.bench.command", "bench", ctx.args)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _run(module: str, name: str, arguments: list[str]) -> None:
    """Run the function of that name as a command of its own, or the group of commands."""
    try:
        command = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        typer.echo(f"rangli {name} needs {error.name}, which is not installed", err=True)
        sys.exit(1)
    if isinstance(command, typer.Typer):
        later = command
    else:
        later = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        later.command(name)(command)
    later(args=arguments, prog_name=f"rangli {name}")
