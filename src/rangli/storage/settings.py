"""Where the stores are and how they are used, from the environment (`RANGLI_…`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ENV_PREFIX = "RANGLI_"
_POSTGRES_SCHEMES = ("postgresql://", "postgres://")
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


class SettingsError(ValueError):
    """A setting cannot be used; the message names its environment variable."""


def default_data_dir() -> Path:
    """The platform's usual folder: the system's for root, else the user's own."""
    if os.geteuid() == 0:
        return Path("/var/lib/rangli")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "rangli"


class StorageSettings(BaseSettings):
    """The stores of one process.

    postgres_dsn, redis_url: given servers; without one, an embedded server takes its place.
    data_dir: what the embedded servers keep; unused when both are given.
    postgres_pool_size_max: connections per process; PostgreSQL's `max_connections` must hold the
        sum over all processes.
    acquire_timeout_s: how long a call waits for a free connection before it is UNAVAILABLE; time in
        which this process did not run does not count.
    connect_timeout_s: how long opening a connection may take when the process starts.
    redis_pool_size_max: connections per process.
    redis_timeout_s: how long one command, or connecting, may take; time in which this process did
        not run, or was busy all the while, is not counted to a command.
    filter_bypass_per_s: claims that a process sends to PostgreSQL unfiltered, a second, while Redis
        cannot be believed; more are shed.
    key_token, key_codes, key_admission: see `keys`; made and kept in the data folder by default.
    """

    model_config = SettingsConfigDict(
        env_prefix=_ENV_PREFIX,
        extra="ignore",
        # A DSN carries a password, which must not reach logs through an error message.
        hide_input_in_errors=True,
    )

    postgres_dsn: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    data_dir: Path = Field(default_factory=default_data_dir)
    postgres_pool_size_min: int = Field(default=1, ge=0, le=1000)
    postgres_pool_size_max: int = Field(default=8, ge=1, le=1000)
    acquire_timeout_s: float = Field(default=0.25, gt=0, le=60)
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    redis_pool_size_max: int = Field(default=64, ge=1, le=10_000)
    redis_timeout_s: float = Field(default=0.2, gt=0, le=60)
    filter_bypass_per_s: int = Field(default=2_000, ge=1, le=1_000_000)
    key_token: bytes | None = Field(default=None, repr=False)
    key_codes: bytes | None = Field(default=None, repr=False)
    key_admission: bytes | None = Field(default=None, repr=False)

    @classmethod
    def load(cls, **overrides: Any) -> StorageSettings:
        """The settings of this environment; SettingsError says which variable is wrong and why."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            problems = [
                f"{_ENV_PREFIX}{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
                for problem in error.errors(include_input=False)
            ]
            raise SettingsError("; ".join(problems)) from None

    @field_validator("postgres_dsn", "redis_url", mode="after")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("postgres_dsn", mode="after")
    @classmethod
    def _postgres_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(_POSTGRES_SCHEMES):
            raise ValueError(f"must begin with {' or '.join(_POSTGRES_SCHEMES)}")
        return value

    @field_validator("redis_url", mode="after")
    @classmethod
    def _redis_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(_REDIS_SCHEMES):
            raise ValueError(f"must begin with {', '.join(_REDIS_SCHEMES)}")
        return value

    @field_validator("key_token", "key_codes", "key_admission", mode="before")
    @classmethod
    def _key(cls, value: str | bytes | None) -> bytes | None:
        if not value or isinstance(value, bytes):
            return value or None
        try:
            key = bytes.fromhex(value)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ValueError("must be 64 hexadecimal digits")
        return key

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("postgres_pool_size_max", mode="after")
    @classmethod
    def _pool_bounds(cls, value: int, info: Any) -> int:
        low = info.data.get("postgres_pool_size_min", 0)
        if value < low:
            raise ValueError(f"must not be below {_ENV_PREFIX}POSTGRES_POOL_SIZE_MIN ({low})")
        return value
