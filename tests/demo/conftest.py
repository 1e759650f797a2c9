from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def embedded(settings: Any, tmp_path: Path) -> Path:
    """As `make run` has it: nothing set but a place for files, which is told."""
    settings.DATABASE_URL = ""
    settings.DATA_DIR = tmp_path
    return tmp_path
