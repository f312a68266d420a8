"""How to serve, from the environment (`RANGLI_…`) and the command line."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rangli.storage.settings import SettingsError
from rangli.transport import unix
from rangli.transport.tls import LOOK_EVERY_S, BadCertificates, Certificates, TlsFiles

_ENV_PREFIX = "RANGLI_"


class ServerSettings(BaseSettings):
    """The processes that serve.

    host, port: where to listen; port 0 is chosen by the system.
    unix_socket: a path to listen at instead, for this machine alone.
    tls_cert_file, tls_key_file: the server's certificate, with those between it and its authority,
        and its key, both PEM; with them TLS is spoken, and nothing else.
    tls_client_ca_file: the authority whose certificates clients must have. All of them may do
        everything: it should be one for this purpose alone.
    tls_look_s: how often these files are looked at; what is new holds for new connections.
    insecure_listen: what other machines reach must be encrypted and authenticated, by certificates
        of both sides, unless this is said aloud. The server's own certificate is not enough: it
        keeps what callers say from others, but whoever finds the port may call, as any tenant.
    transport: what speaks gRPC: grpcio's own server, or ours over HTTP/2, many times cheaper.
    workers: processes; by default one for each core that we may use.
    in_flight_max: calls that one worker holds at once; more are shed (OVERLOADED).
    notice_s: how long a worker that ends says NOT_SERVING before it takes no more calls.
    drain_s: how long it then lets calls in flight end.
    metrics_address: where Prometheus may ask over plain HTTP, `host:port`, or a port of loopback;
        empty: nowhere. Port 0 is chosen by the system.
    """

    model_config = SettingsConfigDict(env_prefix=_ENV_PREFIX, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=7700, ge=0, le=65_535)
    unix_socket: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_ca_file: Path | None = None
    tls_look_s: float = Field(default=LOOK_EVERY_S, gt=0, le=3600)
    insecure_listen: bool = False
    transport: Literal["grpcio", "h2"] = "grpcio"
    workers: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, le=256)
    in_flight_max: int = Field(default=512, ge=1, le=100_000)
    notice_s: float = Field(default=0.5, ge=0, le=10)
    drain_s: float = Field(default=20.0, ge=0, le=30)
    metrics_address: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @classmethod
    def load(cls, **overrides: Any) -> ServerSettings:
        """The settings of this environment; overrides that are None leave it as it is.

        Raises SettingsError, which says what is wrong with which variable.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            settings = cls(**given)
        except ValidationError as error:
            problems = [
                f"{_ENV_PREFIX}{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("; ".join(problems)) from None
        settings._check_reach()
        settings._check_socket()
        settings.certificates()
        return settings

    def _check_reach(self) -> None:
        if self.on_loopback or self.insecure_listen or self.tls_client_ca_file is not None:
            return
        lacking = (
            "neither encrypted nor authenticated: listen on 127.0.0.1, use certificates of both "
            "sides (RANGLI_TLS_CERT_FILE, RANGLI_TLS_KEY_FILE, RANGLI_TLS_CLIENT_CA_FILE)"
            if self.tls_cert_file is None
            else "encrypted but not authenticated: listen on 127.0.0.1, name whose certificates "
            "clients must have (RANGLI_TLS_CLIENT_CA_FILE)"
        )
        raise SettingsError(
            f"{self.host} is reached from other machines, and calls are {lacking}, or say "
            "--insecure-listen (RANGLI_INSECURE_LISTEN=true) if the network is trusted"
        )

    def _check_socket(self) -> None:
        if self.unix_socket is not None and self.transport == "grpcio" and self.workers > 1:
            raise SettingsError(
                "RANGLI_UNIX_SOCKET: with grpcio one worker alone can listen at it: say "
                "--workers 1 (RANGLI_WORKERS=1) or --transport h2 (RANGLI_TRANSPORT=h2)"
            )

    def certificates(self) -> Certificates | None:
        """The certificates of the files, None to speak without TLS. Raises SettingsError."""
        cert_file, key_file = self.tls_cert_file, self.tls_key_file
        if cert_file is None or key_file is None:
            self._check_nothing_lacks()
            return None
        try:
            return Certificates(TlsFiles(cert_file, key_file, self.tls_client_ca_file))
        except BadCertificates as error:
            raise SettingsError(f"{_ENV_PREFIX}TLS_{error.which.upper()}: {error}") from None

    def _check_nothing_lacks(self) -> None:
        for name in ("tls_cert_file", "tls_key_file", "tls_client_ca_file"):
            if getattr(self, name) is not None:
                raise SettingsError(
                    f"{_ENV_PREFIX}{name.upper()} is given, but TLS needs both "
                    "RANGLI_TLS_CERT_FILE and RANGLI_TLS_KEY_FILE"
                )

    @field_validator(
        "unix_socket", "tls_cert_file", "tls_key_file", "tls_client_ca_file", mode="before"
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("unix_socket", mode="after")
    @classmethod
    def _not_too_long(cls, value: Path | None) -> Path | None:
        path = value and value.absolute()
        if path is not None and len(os.fsencode(path)) > unix.PATH_BYTES_MAX:
            raise ValueError(f"must be a path of at most {unix.PATH_BYTES_MAX} bytes")
        return path

    @field_validator("host", mode="after")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value == "localhost":
            return "127.0.0.1"
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise ValueError("must be an IP address, such as 127.0.0.1 or 0.0.0.0") from None
        return value

    @field_validator("metrics_address", mode="after")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        if not value:
            return value
        host, _, port = value.rpartition(":")
        host = cls._an_address(host.strip("[]") or "127.0.0.1")
        if not port.isdecimal() or int(port) > 65_535:
            raise ValueError("must be a port, or host:port with an IP address")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can call."""
        return self.unix_socket is not None or ipaddress.ip_address(self.host).is_loopback

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 host in brackets, or `unix:/path`."""
        if self.unix_socket is not None:
            return f"{unix.PREFIX}{self.unix_socket}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return {
            f"{_ENV_PREFIX}{name.upper()}": "" if value is None else str(value)
            for name, value in self.model_dump().items()
        }
