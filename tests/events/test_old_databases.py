"""Events that were written before they had turns."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from rangli.storage import migrate as migrations
from rangli.storage.migrate import migrate
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from tests.events.reader import TENANT, Reader, written

_EARLIER = "SELECT event_seq FROM outbox WHERE subject_id = %s ORDER BY event_seq"
# The second change of o-1 was made by the older transaction, which had waited for the first.
_WRITTEN = """
INSERT INTO outbox (tenant, tx_id, subject_kind, subject_id, event_type, actor, payload)
VALUES (%s, %s::text::xid8, 'order', %s, 'order.happened', 'ada', '{}')
"""


async def test_old_events_stay_readable_in_the_order_of_their_subjects(
    new_database, redis_url, tmp_path
):
    for file in sorted(Path(migrations.__file__).with_name("migrations").glob("*.sql")):
        if file.name < "0016":
            shutil.copy(file, tmp_path)
    with new_database(template="template0") as dsn:
        migrate(dsn, folder=tmp_path)
        with psycopg.connect(dsn) as old:
            for turn, subject_id in ((12, "o-1"), (13, "o-2"), (11, "o-1"), (14, "o-2")):
                old.execute(_WRITTEN, (TENANT, turn, subject_id))
            numbers = [seq for (seq,) in old.execute(_EARLIER, ("o-1",))]

        assert migrate(dsn)[0] == "0016_events"

        settings = StorageSettings(postgres_dsn=dsn, redis_url=redis_url, acquire_timeout_s=20)
        stores = await Stores.open(settings)
        try:
            await written(stores, "o-1")
            events = (await Reader(stores).pull()).events
        finally:
            await stores.close()
    ours = [event.event_seq for event in events if event.subject_id == "o-1"]
    assert ours[:-1] == numbers
    assert ours == sorted(ours)
    assert [event.subject_id for event in events].count("o-2") == 2
