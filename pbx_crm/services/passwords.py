"""Passwords as argon2id hashes, made and checked in threads, at most two at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_

# OWASP's second line for argon2id; two at once hold 38 MiB, so a crowd of log-ins cannot eat the memory.
MEMORY_KIB = 19 * 1024
PASSES = 2
AT_ONCE = 2

SHORTEST = 8
LONGEST = 200


class Passwords:
    """Hashes and checks; the event loop never waits for either."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        """Dear on purpose; who makes passwords of made-up people may name a smaller cost."""
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        # What an unknown name is checked against, so that the answer takes as long as for a known one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one stored; without one stored False, in the same time."""
        right = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._check, stored or self._nobody, password
        )
        return right and stored is not None

    def _check(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """Lets the threads go."""
        self._threads.shutdown()


def require_good(password: str, login: str) -> None:
    """BadInput if nobody should use this password."""
    reason = None
    if len(password) < SHORTEST:
        reason = N_("A password has at least 8 characters.")
    elif len(password) > LONGEST:
        reason = N_("A password has at most 200 characters.")
    elif password.casefold() == login.casefold():
        reason = N_("The log-in name is no password.")
    if reason:
        raise BadInput(reasons={"password": reason})
