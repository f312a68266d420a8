"""The server that a command asks: where it is, and how to speak to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from rangli.client import RangliClient, Tls

LOCAL = "127.0.0.1:7700"
_WHERE = "host:port, or unix:/path"


@dataclass(frozen=True, slots=True)
class Server:
    """A server to ask.

    address: "" if none was named, where a command can do without.
    tls: None: calls are not encrypted.
    """

    address: str
    tls: Tls | None = None

    def client(self, *, tenant: str = "default", actor: str, connections: int = 1) -> RangliClient:
        """A client of it."""
        return RangliClient(
            self.address, tenant=tenant, actor=actor, connections=connections, tls=self.tls
        )


def asks_server(
    *, default: str = LOCAL, otherwise: str = "", positional: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a command whose parameter `server` is said by --address and --tls-….

    default: the address if none is named; otherwise: what the help says of it if that is "".
    positional: the address is an argument and no option.
    """
    words = f"{_WHERE} [{otherwise}]" if otherwise else _WHERE
    where: Any = typer.Argument(help=words) if positional else typer.Option(help=words)
    options = [
        _keyword("address", Annotated[str, where], default),
        _keyword("tls_ca", _file("Whom to believe the server's certificate; with it, TLS", "CA")),
        _keyword("tls_cert", _file("Our certificate, where the server wants one", "CERT")),
        _keyword("tls_key", _file("Its key", "KEY")),
    ]

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def asked(
            *,
            address: str,
            tls_ca: Path | None,
            tls_cert: Path | None,
            tls_key: Path | None,
            **others: Any,
        ) -> None:
            command(server=Server(address, _tls(tls_ca, tls_cert, tls_key)), **others)

        own = signature(command, eval_str=True).parameters.values()
        others = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own if p.name != "server"]
        asked.__signature__ = Signature([*others, *options])  # type: ignore[attr-defined]
        return asked

    return with_options


def _keyword(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _file(words: str, name: str) -> Any:
    option = typer.Option(
        help=f"{words}: a PEM file",
        envvar=f"RANGLI_CLIENT_TLS_{name}",
        exists=True,
        dir_okay=False,
        readable=True,
    )
    return Annotated[Path | None, option]


def _tls(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> Tls | None:
    if ca_file is None and cert_file is None and key_file is None:
        return None
    try:
        return Tls.of_files(ca_file, cert_file, key_file)
    except ValueError:
        raise typer.BadParameter("--tls-cert and --tls-key go together") from None
