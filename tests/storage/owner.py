"""A process that owns embedded servers, for the tests to stop or kill.

    python owner.py DATA_DIR [UID GID]

It prints where the servers are, as JSON, and stops them cleanly when its input ends. With UID and
GID it becomes that user first, but after its imports, so that it works from any clone.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from rangli.storage.embedded import EmbeddedStores


def main(data_dir: str, *ids: str) -> None:
    if ids:
        uid, gid = map(int, ids)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    with EmbeddedStores(Path(data_dir)) as stores:
        assert stores.postgres is not None
        assert stores.valkey is not None
        facts = {
            "postgres_dsn": stores.postgres_dsn,
            "redis_url": stores.redis_url,
            "postgres_pid": stores.postgres.pid,
            "valkey_pid": stores.valkey.pid,
        }
        print(json.dumps(facts), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
