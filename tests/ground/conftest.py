from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ground.processes import data_directory


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A DATA_DIR of the test's own. When the test ends, nothing may run on it any more."""
    with data_directory() as path:
        yield path
