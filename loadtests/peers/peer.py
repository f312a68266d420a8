"""An engine in a process of its own, asked by lines of JSON, one answer to each."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from loadtests.peers.install import ENGINES, Installed
from loadtests.peers.problems import Cart, Problem

Discounts = list[list[int]]


class PeerDiedError(Exception):
    """The engine's process ended instead of answering."""


@dataclass(slots=True)
class Peer:
    """A running engine. versions: of all that it is made of."""

    name: str
    process: subprocess.Popen[str]
    versions: dict[str, str] = field(default_factory=dict)

    def load(self, given: Problem) -> None:
        """Make these products and promotions the engine's only ones."""
        told = asdict(given)
        answer = self._ask(
            {"load": {"products": told["products"], "promotions": told["promotions"]}}
        )
        assert answer["loaded"] == len(given.promotions), self.name

    def price(self, carts: Sequence[Cart], repeats: int) -> tuple[float, Discounts]:
        """Seconds per cart, and for each cart what its lines lose, in cents."""
        answer = self._ask(
            {"carts": [[asdict(line) for line in cart] for cart in carts], "repeats": repeats}
        )
        return answer["seconds"] / (len(carts) * repeats), answer["discounts"]

    def hear(self) -> dict[str, Any]:
        """The next line it says. Raises PeerDiedError."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise PeerDiedError(f"{self.name} ended with {self.process.wait(10)}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.hear()


@contextmanager
def running(name: str, command: Sequence[str], **environment: str) -> Iterator[Peer]:
    """The engine, as long as it is needed; it ends when its input does."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        peer = Peer(name, process)
        peer.versions = peer.hear()["versions"]
        yield peer
    finally:
        process.kill()
        process.communicate()


def oscar(installed: Installed) -> Any:
    """django-oscar, to be entered."""
    command = (str(installed.python), "-W", "ignore", str(ENGINES / "oscar_offers.py"))
    return running("oscar", command)


def medusa(installed: Installed) -> Any:
    """Medusa's promotion module, to be entered."""
    command = (str(installed.node), str(ENGINES / "medusa.js"))
    return running("medusa", command, NODE_PATH=str(installed.modules))
