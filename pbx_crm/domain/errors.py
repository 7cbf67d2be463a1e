"""One drawn tree of errors; the docstring of a class is its message.

CrmError
├── Refused                 the user may be told, and can do something about it
│   ├── NotFound            absent, or another seller's: the answer is the same
│   ├── NotAllowed          the person's rights do not reach so far
│   ├── NotLoggedIn         nobody is known behind this request
│   ├── SecondFactorWanted  the company wants a second factor of this person, who has none yet
│   ├── WrongLogin          wrong name, password or code, or too many tries: one answer for all
│   ├── Conflict            somebody else was faster; carries the truth
│   └── BadInput            a form or request with wrong values; carries a reason per field
└── Broken                  the surroundings fail: PBX, disk, configuration
    ├── BadConfig           a wrong or missing key, named
    ├── StoreUnavailable    the database cannot be asked or takes no changes: disk full, server away
    ├── LeaseLost           another instance of the program does this work now
    ├── PbxUnreachable      the PBX does not answer or refuses us
    │   ├── LoginRefused    it answered, and does not let us in
    │   └── RightMissing    it let us in, and forbids this action
    ├── BadTape             a recording is missing or cannot be read
    └── RecordsUnreadable   what the PBX writes down (CEL, CDR) cannot be read
"""

from __future__ import annotations


class CrmError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None, **details: object) -> None:
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        self.details = details


class Refused(CrmError):
    """This cannot be done."""


class NotFound(Refused):
    """There is no such record."""


class NotAllowed(Refused):
    """Your rights do not cover this."""


class NotLoggedIn(Refused):
    """Log in first."""


class SecondFactorWanted(Refused):
    """Set up your second factor first."""


class WrongLogin(Refused):
    """The name or the password is wrong."""

    def __init__(self, *, wait_seconds: int = 0) -> None:
        super().__init__(wait_seconds=wait_seconds)
        self.wait_seconds = wait_seconds


class Conflict(Refused):
    """Somebody else changed this a moment ago."""


class BadInput(Refused):
    """Some values are not right."""

    def __init__(self, message: str | None = None, *, reasons: dict[str, str], **details: object) -> None:
        super().__init__(message, **details)
        self.reasons = reasons


class Broken(CrmError):
    """The surroundings fail."""


class BadConfig(Broken):
    """The configuration is wrong."""


class StoreUnavailable(Broken):
    """The database cannot be used just now. Nothing was changed; please try again."""


class LeaseLost(Broken):
    """Another instance of the program does this work now; nothing was changed."""


class PbxUnreachable(Broken):
    """The PBX does not answer."""


class LoginRefused(PbxUnreachable):
    """The PBX refuses the AMI user or its secret."""


class RightMissing(PbxUnreachable):
    """The AMI user may not do this."""


class BadTape(Broken):
    """A recording is missing or cannot be read."""


class RecordsUnreadable(Broken):
    """The PBX's own records cannot be read."""
