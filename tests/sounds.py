"""Sound files made here: WAV of any form, whose length is all that anybody hears of them."""

from __future__ import annotations

import io
import wave


def wav(seconds: float = 2.0, *, rate: int = 8000, channels: int = 1, sample: int = 0) -> bytes:
    """A WAV with 16 bit; `sample` is the value of every one of them."""
    made = io.BytesIO()
    with wave.open(made, "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(2)
        target.setframerate(rate)
        frame = sample.to_bytes(2, "little", signed=True) * channels
        target.writeframes(frame * int(rate * seconds))
    return made.getvalue()
