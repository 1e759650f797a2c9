"""The rules of the house that no linter knows. Each names the places that break it."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.code import APPS, ROOT, name, product, sources, tree

LONGEST_FILE = 300
LONGEST_TEST_FILE = 500  # all the refusals of one act stand in one file
LONGEST_FUNCTION = 50
LONGEST_TASK = 10
NODE_LIBRARIES = {"web3", "tronpy"}
STATES = {"status"}
# Heights of bars in pixels, never an amount that is read, stored or compared.
DRAWINGS = {"billing/charts.py"}


def calls(path: Path, method: str) -> Iterator[ast.Call]:
    """Every `something.<method>(…)` of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == method:
            yield node


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))


def length(function: ast.FunctionDef) -> int:
    """Lines of a function without its decorators and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_queryset_writes_a_status_past_the_transitions() -> None:
    found = [
        f"{name(path)}:{call.lineno}"
        for path in product()
        # A delivery has no transitions: many are moved at once, by statements that are guarded.
        if "webhooks" not in path.parts
        for call in calls(path, "update")
        if STATES & {keyword.arg for keyword in call.keywords}
    ]

    assert found == []


def test_no_bulk_update_names_a_status() -> None:
    found = [
        f"{name(path)}:{call.lineno}"
        for path in product()
        for call in calls(path, "bulk_update")
        if any(isinstance(n, ast.Constant) and n.value in STATES for n in ast.walk(call))
    ]

    assert found == []


def test_a_file_has_at_most_300_lines() -> None:
    found = [
        f"{name(path)} {len(path.read_text().splitlines())}"
        for path in [*product(), *sources("tests")]
        if len(path.read_text().splitlines())
        > (LONGEST_TEST_FILE if path.is_relative_to(ROOT / "tests") else LONGEST_FILE)
    ]

    assert found == []


def test_a_function_fits_on_a_screen() -> None:
    found = [
        f"{name(path)}:{function.lineno} {function.name} {length(function)}"
        for path in product()
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    ]

    assert found == []


def test_a_task_has_at_most_ten_lines() -> None:
    found = [
        f"{name(path)}:{function.lineno} {function.name}"
        for path in product()
        if path.name == "tasks.py"
        for function in functions(path)
        if length(function) > LONGEST_TASK
    ]

    assert found == []


def test_no_module_is_named_for_nothing() -> None:
    meaningless = {"utils", "helpers", "common", "misc", "core"}

    assert [name(p) for p in sources(*APPS) if meaningless & {p.stem, p.parent.name}] == []


def test_every_module_says_what_it_is() -> None:
    silent = {"__init__", "apps"}

    found = [name(p) for p in product() if p.stem not in silent and not ast.get_docstring(tree(p))]

    assert found == []


def test_a_todo_names_an_issue() -> None:
    note = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")

    found = [
        f"{name(path)}:{number}"
        for path in sources(*APPS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if note.search(line)
    ]

    assert found == []


def test_only_the_chains_import_the_node_libraries() -> None:
    found = [
        name(path)
        for path in product()
        if not path.is_relative_to(ROOT / "chainwatch" / "chains")
        for node in ast.walk(tree(path))
        if NODE_LIBRARIES & set(imported(node))
    ]

    assert found == []


def imported(node: ast.AST) -> list[str]:
    """The top-level packages that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [(node.module or "").split(".")[0]]
    return []


def test_a_web_process_never_loads_the_node_libraries() -> None:
    """Everything a web worker loads by itself: the application, every URL, every admin page."""
    script = (
        "import json, sys\n"
        "from billing.wsgi import application\n"
        "from django.urls import get_resolver\n"
        "len(get_resolver().url_patterns)\n"
        "application.load_middleware()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded & (NODE_LIBRARIES | {"eth_account", "hypothesis", "pytest"}) == set()


def test_an_amount_never_meets_a_float() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in product()
        if name(path) not in DRAWINGS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
    ]

    assert found == []
