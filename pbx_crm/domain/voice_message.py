"""Recorded messages that clients are called with: what is kept of one, and which keys it offers."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.sentence import N_

LONGEST_NAME = 100
MOST = 100
"""Messages of an installation."""
MOST_BYTES = 20_000_000
"""Of what is sent: a stereo WAV of two minutes as a studio makes it."""
SHORTEST_SECONDS, LONGEST_SECONDS = 1, 120
RATE = 8000
"""Samples a second: what every trunk carries, and Asterisk plays without converting."""
KINDS = frozenset({"wav", "mp3", "ogg", "flac", "gsm", "aiff", "au"})
"""By the end of their names: what sox is asked to read."""


class NoSoundFolder(Refused):
    """There is no folder for recorded messages: whoever runs the program sets `folder` of [files]."""


class MessageInUse(Refused):
    """A robot calls with this message: give the robot another one first."""


@dataclass(frozen=True, slots=True)
class KeptSound:
    """A message's sound, now on the disk under its digest: 8 kHz, mono, 16 bit, WAV."""

    digest: str
    size: int
    """Bytes of the whole file."""
    seconds: float


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """One recorded message; it says itself which keys mean what."""

    id: int
    name: str
    sound: KeptSound
    offers_talk: bool = True
    """2: the client wants to be called by a person."""
    offers_opt_out: bool = True
    """9: the client is not to be called any more."""

    @property
    def keys(self) -> str:
        """The keys that are heard; 1, which confirms, is always one of them."""
        return "1" + "2" * self.offers_talk + "9" * self.offers_opt_out


def good_name(text: str) -> str:
    """The name as it is stored; BadInput for none, and for a long one."""
    if not 1 <= len(text) <= LONGEST_NAME:
        raise BadInput(reasons={"name": N_("A name is 1 to 100 characters.")})
    return text


def kind_of(filename: str) -> str:
    """What the file is by the end of its name; BadInput for what is no sound we know."""
    _, dot, ending = filename.rpartition(".")
    kind = ending.lower()
    if not dot or kind not in KINDS:
        raise BadInput(reasons={"file": N_("Send a WAV, MP3, Ogg, FLAC, GSM, AIFF or AU file.")})
    return kind


def require_length(seconds: float) -> None:
    """BadInput for a message that is hardly one, and for one nobody listens to."""
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise BadInput(reasons={"file": N_("A message lasts 1 to 120 seconds.")})
