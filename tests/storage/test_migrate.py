"""The schema, from many processes at once and after accidents."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from rangli.storage.migrate import MigrationError, migrate
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores


@pytest.fixture
def empty(new_database):
    with new_database(template="template0") as dsn:
        yield dsn


@pytest.fixture
def own(tmp_path):
    """A folder of migrations: two tables, the second with a per cent sign."""
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id int PRIMARY KEY);\n")
    (tmp_path / "0002_second.sql").write_text(
        "CREATE TABLE second (code text CHECK (code LIKE 'A%'));\n"
        "INSERT INTO second VALUES ('A:one');\n"
    )
    return tmp_path


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def test_schema_is_made_once_and_tenant_leads_every_primary_key(empty):
    applied = migrate(empty)

    assert applied[0] == "0001_idempotency_and_outbox"
    assert applied == sorted(applied)
    assert migrate(empty) == []
    with psycopg.connect(empty) as connection:
        first_columns = dict(
            connection.execute(
                """
                SELECT conrelid::regclass::text, attname FROM pg_constraint
                JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
                WHERE contype = 'p' AND connamespace = 'public'::regnamespace
                    AND conrelid::regclass::text NOT LIKE '%yoyo%'
                    AND conrelid::regclass::text <> 'redis_shards'  -- no tenant's
                """
            ).fetchall()
        )
    assert {"idempotency_records", "outbox"} <= first_columns.keys()
    assert set(first_columns.values()) == {"tenant"}


def test_new_files_are_applied_in_order(empty, own):
    second = (own / "0002_second.sql").rename(own / "later")
    assert migrate(empty, folder=own) == ["0001_first"]
    second.rename(own / "0002_second.sql")

    assert migrate(empty, folder=own) == ["0002_second"]


def test_processes_that_start_at_once_migrate_once(empty):
    code = (
        "import sys; from rangli.storage.migrate import migrate; print(len(migrate(sys.argv[1])))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, empty], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    counts = [int(process.communicate()[0]) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert sum(count > 0 for count in counts) == 1


def test_failed_migration_leaves_nothing_of_itself(empty, own):
    (own / "0003_third.sql").write_text("CREATE TABLE third (id int);\nSELECT 1 / 0;\n")

    with pytest.raises(MigrationError, match="0003_third failed: division by zero"):
        migrate(empty, folder=own)

    assert {"first", "second"} <= tables(empty)
    assert "third" not in tables(empty)
    (own / "0003_third.sql").write_text("CREATE TABLE third (id int);\n")
    assert migrate(empty, folder=own) == ["0003_third"]


def test_migration_and_its_mark_are_one_transaction(empty, own):
    (own / "0002_second.sql").rename(own / "later")
    migrate(empty, folder=own)
    (own / "later").rename(own / "0002_second.sql")
    with psycopg.connect(empty) as connection:  # as if the process were killed before the mark
        connection.execute("ALTER TABLE _yoyo_migration ADD CHECK (migration_id = '0001_first')")

    with pytest.raises(MigrationError):
        migrate(empty, folder=own)

    assert "second" not in tables(empty)


def test_lock_row_of_a_killed_yoyo_does_not_stop_anybody(empty, own):
    with psycopg.connect(empty) as connection:
        connection.execute(
            "CREATE TABLE yoyo_lock (locked int PRIMARY KEY, ctime timestamp, pid int)"
        )
        connection.execute("INSERT INTO yoyo_lock VALUES (1, now(), 1)")

    assert migrate(empty, folder=own) == ["0001_first", "0002_second"]


async def test_user_and_password_may_hold_any_character(empty, redis_url):
    with psycopg.connect(empty) as connection:
        connection.execute("""DROP ROLE IF EXISTS "sh@p:/%?" """)
        connection.execute("""CREATE ROLE "sh@p:/%?" LOGIN SUPERUSER PASSWORD 'p@s/s:%w#d?'""")
    dsn = empty.replace("postgres@", "sh%40p%3A%2F%25%3F:p%40s%2Fs%3A%25w%23d%3F@")

    assert migrate(dsn)

    stores = await Stores.open(StorageSettings(postgres_dsn=dsn, redis_url=redis_url))
    try:
        assert await stores.pg.fetchval("SELECT current_user") == "sh@p:/%?"
    finally:
        await stores.close()
    with psycopg.connect(empty) as connection:
        connection.execute("""REASSIGN OWNED BY "sh@p:/%?" TO postgres""")
        connection.execute("""DROP ROLE "sh@p:/%?" """)
