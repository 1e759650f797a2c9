"""The key that is made once for a DATA_DIR."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from billing.environment import Variables
from billing.secret_key import secret_key


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")


def test_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "new"

    first = secret_key(Variables(), data_dir, must_be_given=False)

    assert len(first) == 64
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
    assert secret_key(Variables(), data_dir, must_be_given=False) == first
    assert [path.name for path in data_dir.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_take_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        made = threads.map(
            lambda _: secret_key(Variables(), tmp_path, must_be_given=False), range(16)
        )

    assert len(set(made)) == 1


def test_a_given_one_is_taken_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "x" * 32)

    assert secret_key(Variables(), tmp_path, must_be_given=True) == "x" * 32
    assert list(tmp_path.iterdir()) == []


def test_where_it_must_be_given_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is unset"):
        secret_key(Variables(), tmp_path, must_be_given=True)

    assert list(tmp_path.iterdir()) == []
