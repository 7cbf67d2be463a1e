"""A loopback network for each PBX under test: 127.N.0.0/16, so that every party has its usual ports."""

from __future__ import annotations

import random
import socket
from types import TracebackType

LOCK_PORT = 5061


class LoopbackNetwork:
    """Holds one free N until closed; several test runs on one machine never meet."""

    def __init__(self) -> None:
        self._lock, self._number = _take_a_number()

    @property
    def pbx(self) -> str:
        """The PBX's own address."""
        return self.host(0, 1)

    def host(self, group: int, number: int) -> str:
        """The address of one party."""
        return f"127.{self._number}.{group}.{number}"

    def close(self) -> None:
        """Gives the number back."""
        self._lock.close()

    def __enter__(self) -> LoopbackNetwork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def free_port() -> int:
    """A port that nobody listens on at this moment, for a program that must be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _take_a_number() -> tuple[socket.socket, int]:
    numbers = list(range(20, 250))
    random.shuffle(numbers)
    for number in numbers:
        lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            lock.bind((f"127.{number}.0.1", LOCK_PORT))
        except OSError:
            lock.close()
            continue
        return lock, number
    raise RuntimeError("no loopback network is free")
