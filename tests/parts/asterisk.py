"""A real Asterisk, run as a private instance in the root that tools/asterisk_root.sh built.

Its configuration, database, spool and logs lie in a directory of their own inside that root, it listens
on its own loopback network only, and it is gone after the tests.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.parts.inventory import INVENTORY

START_SECONDS = 90.0
DIRECTORIES = (
    "etc",
    "var/keys",
    "spool",
    "log/cel-custom",
    "log/cdr-custom",
    "run",
    "cache",
    "data/sounds/en",
)
SOUND_SECONDS = 0.1
ULAW_RATE = 8000


class AsteriskPart:
    """One Asterisk; `home` is its directory as this machine sees it, `inside` as Asterisk sees it."""

    def __init__(self, major: int = 22) -> None:
        self.major = major
        self.root = _root(major)
        self.home = Path(tempfile.mkdtemp(prefix="instance-", dir=_instances(self.root)))
        self.home.chmod(0o755)
        self.inside = "/" + str(self.home.relative_to(self.root))
        for name in DIRECTORIES:
            (self.home / name).mkdir(parents=True)
        (self.home / "data/documentation").symlink_to("/usr/share/asterisk/documentation")
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, files: dict[str, str]) -> None:
        """Puts configuration files in place, beside the asterisk.conf that names our directories."""
        for name, text in files.items():
            path = self.home / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def write_sounds(self, names: tuple[str, ...]) -> None:
        """A tenth of a second of silence for each prompt, so that no test waits for a voice."""
        silence = b"\xff" * int(ULAW_RATE * SOUND_SECONDS)
        for name in names:
            path = self.home / "data/sounds/en" / f"{name}.ulaw"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(silence)

    def asterisk_conf(self, systemname: str = "") -> str:
        """The text of asterisk.conf for this instance; `systemname` prefixes every Uniqueid."""
        places = {
            "astetcdir": "etc",
            "astvarlibdir": "var",
            "astdbdir": "var",
            "astkeydir": "var",
            "astdatadir": "data",
            "astspooldir": "spool",
            "astrundir": "run",
            "astlogdir": "log",
            "astcachedir": "cache",
        }
        lines = ["[directories]", *(f"{key} => {self.inside}/{place}" for key, place in places.items())]
        lines += ["[options]", "nocolor = yes", "defaultlanguage = en"]
        return "\n".join([*lines, *([f"systemname = {systemname}"] if systemname else []), ""])

    def start(self) -> None:
        """Starts it and returns when it is fully booted (about 2 s)."""
        with (self.home / "log/console.log").open("ab") as console:
            self.process = subprocess.Popen(
                self._command("-f", "-g"),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "HOME": "/root", "TZ": "UTC"},
            )
        self.wait_until_booted()

    def wait_until_booted(self) -> None:
        """Returns once the whole of it stands; after `core restart now` as well."""
        deadline = time.monotonic() + START_SECONDS
        while not (self.home / "run/asterisk.ctl").exists() or "fully booted" not in self.cli(
            "core waitfullybooted", check=False
        ):
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Asterisk did not start:\n{self.console()[-3000:]}")
            time.sleep(0.1)

    def cli(self, command: str, *, check: bool = True) -> str:
        """What the console command prints."""
        done = subprocess.run(
            self._command("-r", "-x", command), capture_output=True, timeout=START_SECONDS, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"asterisk -rx {command!r}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def restart(self) -> None:
        """`core restart now`: calls are hung up, the same process starts again."""
        self.cli("core restart now", check=False)

    def kill(self) -> None:
        """A crash: nothing is said to anybody."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        (self.home / "run/asterisk.ctl").unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends it for good and removes its directory."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def console(self) -> str:
        """Everything it has written to its console and logs."""
        logs = [self.home / "log/console.log", self.home / "log/messages.log"]
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    def version(self) -> str:
        """Its version, `22.10.1`."""
        said = subprocess.run(
            ["chroot", str(self.root), "asterisk", "-V"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
        found = re.search(r"\d+(\.\d+)+", said)
        return found.group() if found else said.strip()

    def _command(self, *options: str) -> list[str]:
        config = f"{self.inside}/etc/asterisk.conf"
        return ["chroot", str(self.root), "/usr/sbin/asterisk", "-C", config, *options]


def _root(major: int) -> Path:
    cache = Path(os.environ.get("PBX_CRM_CACHE") or Path.home() / ".cache/pbx-crm")
    root = cache / f"asterisk-{major}"
    if not (root / ".whole").exists():
        INVENTORY.lacks(f"Asterisk {major}", f"no root in {cache}")
    if os.getuid() != 0:
        INVENTORY.lacks(f"Asterisk {major}", "only root may enter its root")
    return root


def _instances(root: Path) -> Path:
    directory = root / "srv/pbx-crm"
    directory.mkdir(exist_ok=True)
    return directory
