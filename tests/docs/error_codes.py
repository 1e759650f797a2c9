"""Finds every error code that the source can answer, without running it."""

import ast
from collections.abc import Iterator

from tests.docs.pages import ROOT

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
# Where `code=` or `code =` is something else than an error's code.
ELSEWHERE = ("migrations", "management", "admin.py")


def codes_in_source() -> set[str]:
    """The codes of errors: attributes of classes, `code="…"` in raises, nouns of NotFound."""
    found: set[str] = set()
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not any(part in ELSEWHERE for part in path.relative_to(ROOT).parts):
                found.update(_codes_of(ast.parse(path.read_text())))
    return found


def _codes_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _class_codes(node)
        elif isinstance(node, ast.Call):
            yield from _call_codes(node)
        elif isinstance(node, ast.Constant) and str(node.value).startswith("payout_not_"):
            yield str(node.value)  # They stand in one table of the acts (payouts/errors.py).


def _class_codes(node: ast.ClassDef) -> Iterator[str]:
    """`code = "…"` of an error's class, `invalid_code = "…"` of a field's."""
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
            names = {target.id for target in line.targets if isinstance(target, ast.Name)}
            if names & {"code", "invalid_code"}:
                yield str(line.value.value)


def _call_codes(node: ast.Call) -> Iterator[str]:
    called = ast.unparse(node.func).rpartition(".")[2]
    if called == "NotFound" and node.args and isinstance(node.args[0], ast.Constant):
        yield f"{str(node.args[0].value).replace(' ', '_')}_not_found"
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _words(keyword.value)


def _words(value: ast.expr) -> Iterator[str]:
    """The word itself, or both of `"a" if … else "b"`; a variable's words stand elsewhere."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _words(value.body)
        yield from _words(value.orelse)
