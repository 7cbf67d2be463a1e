"""Who talked with which clients, as two columns of numbers: packed for a day, put together, told apart.

Different clients of a month are not the sum of each day's, so a day keeps who they were: twelve bytes a
pair of person and client. Half a million of them are told apart in some hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pair = tuple[int, int | None, str | None]
"""(person, client, number)."""
PEOPLE, CLIENTS = np.dtype("<i4"), np.dtype("<i8")
A_PAIR = PEOPLE.itemsize + CLIENTS.itemsize


@dataclass(frozen=True, slots=True)
class ClientsMet:
    """Pairs of a person and a client they talked with; a pair may come twice."""

    people: npt.NDArray[np.int32]
    clients: npt.NDArray[np.int64]

    @classmethod
    def of_rows(cls, rows: Iterable[Pair]) -> ClientsMet:
        """The pairs of these conversations; of a call without contact the number is the client."""
        pairs = [(person, _client(contact_id, number)) for person, contact_id, number in rows]
        people, clients = zip(*pairs, strict=True) if pairs else ((), ())
        return cls(np.array(people, PEOPLE), np.array(clients, CLIENTS))

    @classmethod
    def unpacked(cls, packed: bytes) -> ClientsMet:
        """What was packed."""
        count = len(packed) // A_PAIR
        people = np.frombuffer(packed, PEOPLE, count)
        return cls(people, np.frombuffer(packed, CLIENTS, count, count * PEOPLE.itemsize))

    @classmethod
    def together(cls, parts: Sequence[ClientsMet]) -> ClientsMet:
        """The pairs of all of these."""
        if not parts:
            return cls.of_rows(())
        return cls(
            np.concatenate([part.people for part in parts]), np.concatenate([part.clients for part in parts])
        )

    @property
    def packed(self) -> bytes:
        """The same pairs, each once and in order: equal for equal sets."""
        order = np.lexsort((self.clients, self.people))
        people, clients = self.people[order], self.clients[order]
        is_new = np.ones(len(order), bool)
        is_new[1:] = (people[1:] != people[:-1]) | (clients[1:] != clients[:-1])
        return people[is_new].tobytes() + clients[is_new].tobytes()

    def counted(self) -> tuple[dict[int, int], int]:
        """How many different clients each person talked with, and how many they are in all."""
        if not len(self.clients):
            return {}, 0
        # By sorting: looking each up in a table takes numpy five times as long.
        order = np.argsort(self.clients)
        clients = self.clients[order]
        place = np.concatenate(([0], np.cumsum(clients[1:] != clients[:-1])))
        in_all = int(place[-1]) + 1
        pairs = np.sort(self.people[order].astype(np.int64) * in_all + place)
        is_new = np.concatenate(([True], pairs[1:] != pairs[:-1]))
        people, counts = np.unique(pairs[is_new] // in_all, return_counts=True)
        return dict(zip(people.tolist(), counts.tolist(), strict=True)), in_all


def _client(contact_id: int | None, number: str | None) -> int:
    # Contacts below nought, numbers above: none can be taken for the other.
    return -contact_id if contact_id is not None else int(number or 0)
