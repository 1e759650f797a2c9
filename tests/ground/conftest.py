import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ground.processes import end, eventually, naming


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A DATA_DIR of the test's own. When the test ends, nothing may run on it any more."""
    # Not pytest's tmp_path: that is closed to other users and long; both are tested on purpose.
    path = Path(tempfile.mkdtemp(prefix="billing-ground-"))
    path.chmod(0o755)
    try:
        yield path
        eventually(lambda: not naming(path))
    finally:
        end(path)
        shutil.rmtree(path)
