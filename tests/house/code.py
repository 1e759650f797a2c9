"""The project's own source, for tests that read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = (
    "approvals",
    "billing",
    "chainwatch",
    "checkouts",
    "customers",
    "events",
    "organizations",
    "payouts",
    "reconciliation",
    "revenue",
    "subscriptions",
    "wallets",
    "webhooks",
)


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file of these folders, migrations included."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def product() -> Iterator[Path]:
    """Every Python file of the product, without its tests and migrations."""
    for path in sources(*APPS):
        if "migrations" not in path.parts:
            yield path


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def name(path: Path) -> str:
    """The path as a reader types it."""
    return str(path.relative_to(ROOT))
