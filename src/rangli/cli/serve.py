"""`rangli serve` and `rangli migrate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer

from rangli.server import supervisor
from rangli.server.logs import configure_logging
from rangli.server.reserved import CannotServe
from rangli.server.settings import ServerSettings
from rangli.storage.embedded import EmbeddedError, EmbeddedStores
from rangli.storage.migrate import MigrationError
from rangli.storage.migrate import migrate as apply_migrations
from rangli.storage.settings import SettingsError, StorageSettings

DataDir = Annotated[
    Path | None, typer.Option(help="What the embedded stores keep [env: RANGLI_DATA_DIR]")
]
# What a person can do something about; anything else is a fault and shows its traceback.
Expected = (
    SettingsError,
    CannotServe,
    EmbeddedError,
    MigrationError,
    psycopg.OperationalError,
)


def serve(
    *,
    workers: Annotated[
        int | None, typer.Option(help="Processes [env: RANGLI_WORKERS, else one for each core]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="0: any free one [env: RANGLI_PORT, else 7700]")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="An IP address [env: RANGLI_HOST, else 127.0.0.1]")
    ] = None,
    unix_socket: Annotated[
        Path | None,
        typer.Option(help="A path to listen at instead [env: RANGLI_UNIX_SOCKET]"),
    ] = None,
    transport: Annotated[
        str | None,
        typer.Option(
            help="What speaks gRPC: grpcio, or h2, many times cheaper, new "
            "[env: RANGLI_TRANSPORT, else grpcio]"
        ),
    ] = None,
    tls_cert_file: Annotated[
        Path | None,
        typer.Option(help="Our certificate and those above it, PEM [env: RANGLI_TLS_CERT_FILE]"),
    ] = None,
    tls_key_file: Annotated[
        Path | None, typer.Option(help="Its key, PEM [env: RANGLI_TLS_KEY_FILE]")
    ] = None,
    tls_client_ca_file: Annotated[
        Path | None,
        typer.Option(
            help="Whose certificates clients must have, PEM [env: RANGLI_TLS_CLIENT_CA_FILE, "
            "else clients need none]"
        ),
    ] = None,
    insecure_listen: Annotated[
        bool,
        typer.Option(
            "--insecure-listen",
            help="Listen beyond this machine without certificates of both sides",
        ),
    ] = False,
    data_dir: DataDir = None,
    metrics_address: Annotated[
        str | None,
        typer.Option(
            help="Where Prometheus may ask: host:port, or a port of loopback "
            "[env: RANGLI_METRICS_ADDRESS, else nowhere]"
        ),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error [env: RANGLI_LOG_LEVEL]")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="console or json [env: RANGLI_LOG_FORMAT]")
    ] = None,
) -> None:
    """Serve over gRPC, with our own PostgreSQL and Valkey unless others are given.

    RANGLI_POSTGRES_DSN and RANGLI_REDIS_URL name given ones. SIGTERM and Ctrl-C drain.
    """
    try:
        settings = ServerSettings.load(
            workers=workers,
            port=port,
            host=host,
            unix_socket=unix_socket,
            transport=transport,
            tls_cert_file=tls_cert_file,
            tls_key_file=tls_key_file,
            tls_client_ca_file=tls_client_ca_file,
            insecure_listen=insecure_listen or None,
            metrics_address=metrics_address,
            log_level=log_level,
            log_format=log_format,
        )
        configure_logging(settings)
        supervisor.serve(settings, _storage(data_dir))
    except Expected as error:
        _fail(error)


def migrate(*, data_dir: DataDir = None) -> None:
    """Bring the schema of the Postgres up to date; `rangli serve` does so by itself."""
    try:
        with EmbeddedStores.of(_storage(data_dir)) as stores:
            applied = apply_migrations(stores.postgres_dsn)
    except Expected as error:
        _fail(error)
    for name in applied:
        typer.echo(f"applied {name}")
    typer.echo("the schema is up to date")


def _storage(data_dir: Path | None) -> StorageSettings:
    return StorageSettings.load(**({} if data_dir is None else {"data_dir": data_dir}))


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"rangli: {error}", err=True)
    sys.exit(1)
