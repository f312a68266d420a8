from __future__ import annotations

from pathlib import Path

import pytest

from rangli.storage.settings import SettingsError, StorageSettings, default_data_dir


def test_without_environment_nothing_is_given(monkeypatch):
    monkeypatch.delenv("RANGLI_POSTGRES_DSN", raising=False)
    monkeypatch.delenv("RANGLI_REDIS_URL", raising=False)
    monkeypatch.delenv("RANGLI_DATA_DIR", raising=False)

    settings = StorageSettings.load()

    assert (settings.postgres_dsn, settings.redis_url) == (None, None)
    assert settings.data_dir == default_data_dir()


def test_environment_is_read_and_empty_means_not_given(monkeypatch):
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", "postgresql://shop@db/promotions")
    monkeypatch.setenv("RANGLI_REDIS_URL", "")
    monkeypatch.setenv("RANGLI_DATA_DIR", "~/promotions")
    monkeypatch.setenv("RANGLI_POSTGRES_POOL_SIZE_MAX", "3")

    settings = StorageSettings.load()

    assert settings.postgres_dsn == "postgresql://shop@db/promotions"
    assert settings.redis_url is None
    assert settings.data_dir == Path.home() / "promotions"
    assert settings.postgres_pool_size_max == 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RANGLI_POSTGRES_DSN", "mysql://shop:secret@db/promotions"),
        ("RANGLI_REDIS_URL", "localhost:6379?password=secret"),
        ("RANGLI_POSTGRES_POOL_SIZE_MAX", "0secret"),
        ("RANGLI_ACQUIRE_TIMEOUT_S", "-1"),
        ("RANGLI_POSTGRES_POOL_SIZE_MIN", "9"),  # above the default maximum
    ],
)
def test_bad_value_names_its_variable_and_keeps_the_secret(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match="RANGLI_") as caught:
        StorageSettings.load()

    assert variable in str(caught.value)
    assert "secret" not in str(caught.value)


def test_secrets_are_not_shown():
    settings = StorageSettings(
        postgres_dsn="postgresql://u:secret@db/x", redis_url="redis://:secret@r"
    )

    assert "secret" not in repr(settings)
