"""How to serve, from the environment (`RANGLI_…`) and the command line."""

from __future__ import annotations

import ipaddress
import os
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rangli.storage.settings import SettingsError

_ENV_PREFIX = "RANGLI_"


class ServerSettings(BaseSettings):
    """The processes that serve.

    host, port: where to listen; port 0 is chosen by the system.
    insecure_listen: calls are neither encrypted nor authenticated; to listen on anything but
        loopback, this must be said aloud.
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
    insecure_listen: bool = False
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
        if not settings.insecure_listen and not settings.on_loopback:
            raise SettingsError(
                f"{settings.host} is reached from other machines, and calls are neither encrypted "
                "nor authenticated: listen on 127.0.0.1, or say --insecure-listen "
                "(RANGLI_INSECURE_LISTEN=true) if the network is trusted"
            )
        return settings

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
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return {f"{_ENV_PREFIX}{name.upper()}": str(v) for name, v in self.model_dump().items()}
