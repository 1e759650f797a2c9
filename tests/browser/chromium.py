"""The headless Chromium that npm brings (`@sparticuz/chromium`), unpacked once per data directory.

It is packed with brotli, which node unpacks; beside it come the system libraries it needs, used
only on a machine that has none of its own.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.node import node_program

ROOT = Path(__file__).resolve().parent.parent.parent
UNPACK = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();"
# The package unpacks its libraries only where it believes to run in a container of this kind.
WITH_LIBRARIES = {"AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
ARGUMENTS = [
    "--no-sandbox",  # tests may run as root
    "--headless=shell",
    "--disable-gpu",
    "--hide-scrollbars",
    "--font-render-hinting=none",
]


def program(place: Path) -> Path:
    """Return the binary, unpacked under `place`. CHROMIUM_BIN names another one."""
    if named := os.environ.get("CHROMIUM_BIN"):
        return Path(named)
    if not (ROOT / "node_modules" / "@sparticuz" / "chromium").is_dir():
        raise RuntimeError(
            "Chromium is not installed, and tests in a real browser are not optional. Run "
            "`make test`, which installs it by npm, or set CHROMIUM_BIN to a headless shell."
        )
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "unpacked").exists():
            _unpack(place)
    return place / "chromium"


def environment(binary: Path) -> dict[str, str]:
    """What the binary needs to start: its own libraries and fonts, where the machine has none."""
    needed: dict[str, str] = {}
    if not Path("/etc/fonts").is_dir():
        needed["FONTCONFIG_PATH"] = str(binary.parent / "fonts")
    if not _starts(binary, {}):
        needed["LD_LIBRARY_PATH"] = str(binary.parent / "al2023" / "lib")
    return needed


def _unpack(place: Path) -> None:
    """Anew from the beginning: the package takes a half-unpacked file for a whole one."""
    for each in place.iterdir():
        if each.name != "lock":
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    command = [str(node_program()), "--input-type=module", "--eval", UNPACK]
    surroundings = {**os.environ, **WITH_LIBRARIES, "TMPDIR": str(place)}
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, timeout=120)
    (place / "unpacked").touch()


def _starts(binary: Path, more: Mapping[str, str]) -> bool:
    asked = subprocess.run(
        [str(binary), "--no-sandbox", "--version"],
        env={**os.environ, **more},
        capture_output=True,
        timeout=60,
    )
    return asked.returncode == 0
