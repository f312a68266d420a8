"""`rangli audit`: what an operator and a program read, and the exit code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from rangli.cli.audit import CHECKS
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from tests.cli.commands import run
from tests.ledger.desk import Desk


@pytest.fixture
async def desk(
    store_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """A desk in the database that the command is told of."""
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", str(store_settings.postgres_dsn))
    monkeypatch.setenv("RANGLI_REDIS_URL", str(store_settings.redis_url))
    stores = await Stores.open(store_settings)
    used = Desk(stores)
    await used.open("bank", floor=None)
    await used.open("anne")
    await used.open("anne's", unit="points", floor=None)
    await used.open("games", unit="points", floor=None)
    await used.post(("bank", "anne", 123_45), ("anne's", "games", 7))
    await used.hold(("anne", "bank", 5))
    yield used
    await stores.close()


async def spoil(desk: Desk) -> None:
    await desk.stores.pg.execute(
        "UPDATE ledger_accounts SET posted_minor = posted_minor + 1 WHERE owner = 'anne'"
    )


def test_checks_have_names_of_their_own_and_say_what_holds() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.meaning.endswith(".") for check in CHECKS)


async def test_a_sound_ledger_is_told_so_with_its_trial_balance(desk: Desk) -> None:
    code, out, err = await run("audit", "--trial-balance")

    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["t", "USD", "balance", "2", "0.00", "0.05", "0.05"] in lines
    assert ["t", "points", "balance", "2", "0", "0", "0"] in lines
    assert "Posted sums to zero." in out
    assert out.endswith(f"All {len(CHECKS)} checks hold.\n")


async def test_a_broken_row_is_named_and_the_exit_code_is_1(desk: Desk) -> None:
    await spoil(desk)

    code, out, _ = await run("audit")

    assert code == 1
    assert "I4 ledger.balances_equal_entries: 1 broken" in out
    assert ["t", str(desk.ids["anne"]), "anne", "balance", "USD", "posted", "12345", "12346"] in [
        line.split() for line in out.splitlines()
    ]
    assert out.endswith(f"1 of {len(CHECKS)} checks failed.\n")


async def test_a_program_gets_the_same_as_json(desk: Desk) -> None:
    await spoil(desk)

    code, out, _ = await run("audit", "--json", "--trial-balance")

    told = json.loads(out)
    assert code == 1
    assert told["checks"] == len(CHECKS)
    (finding,) = told["findings"]
    assert (finding["check"], finding["count"]) == ("ledger.balances_equal_entries", 1)
    assert finding["rows"][0]["actual"] == 12_346
    assert {row["unit"]: row["posted_minor"] for row in told["trial_balance"]} == {
        "USD": 0,
        "points": 0,
    }


async def test_of_one_tenant_only(desk: Desk) -> None:
    await spoil(desk)

    code, out, _ = await run("audit", "--tenant", "someone-else", "--trial-balance")

    assert code == 0
    assert "balance  " not in out


async def test_without_a_database_it_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", "postgresql://127.0.0.1:1/nothing")

    code, out, err = await run("audit")

    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("rangli audit: ")


def seen_in(folder: Path) -> set[str]:
    """What stands in a data folder."""
    return {path.name for path in folder.iterdir()}


async def test_a_given_database_leaves_the_data_folder_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RANGLI_REDIS_URL")

    code, _, _ = await run("audit", "--data-dir", tmp_path / "none")

    assert code == 0
    assert not (tmp_path / "none").exists()


async def test_an_unmigrated_database_is_no_broken_one(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", postgres_dsn)

    code, out, err = await run("audit")

    assert (code, out) == (2, "")
    assert "not migrated" in err
    assert "run `rangli migrate`" in err
    assert "Traceback" not in err
    with psycopg.connect(postgres_dsn) as conn:
        tables = conn.execute("SELECT FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == []


@pytest.fixture
def no_stores_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANGLI_POSTGRES_DSN", "RANGLI_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_stores_given")
@pytest.mark.parametrize("made", [True, False])
async def test_a_folder_without_data_stays_as_it_is(folder: Path, made: bool) -> None:
    wanted = folder / "mistyped"
    if made:
        wanted.mkdir()

    code, out, err = await run("audit", "--data-dir", wanted)

    assert (code, out) == (2, "")
    assert err.startswith(f"rangli audit: there is no PostgreSQL data in {wanted}")
    assert wanted.exists() is made
    assert not made or seen_in(wanted) == set()


@pytest.mark.usefixtures("no_stores_given")
async def test_embedded_stores_are_audited_while_served_and_after(folder: Path) -> None:
    wanted = folder / "data"
    with EmbeddedStores(wanted, redis_url="redis://127.0.0.1:1") as stores:
        code, _, err = await run("audit", "--data-dir", wanted)
        assert code == 2
        assert "not migrated" in err

        migrate(stores.postgres_dsn)
        served = await run("audit", "--data-dir", wanted)
        with psycopg.connect(stores.postgres_dsn) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
    after = await run("audit", "--data-dir", wanted)

    assert served == after == (0, f"All {len(CHECKS)} checks hold.\n", "")
    # Nobody needs a Valkey to read books.
    assert seen_in(wanted) == {"owner.lock", "postgres", "postgres.log"}
