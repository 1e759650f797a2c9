"""docs/api.md is what docs/openapi.json makes, and names every call of it."""

import json

from docs.reference import DOCUMENT, PAGE, main, page


def test_the_reference_page_is_up_to_date() -> None:
    assert main(["--check"]) == 0, "run `make docs`"


def test_the_reference_page_names_every_call() -> None:
    document = json.loads(DOCUMENT.read_text())
    calls = [
        f"### `{method.upper()} {path}`"
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "patch", "put", "delete")
    ]

    assert [call for call in calls if call not in PAGE.read_text()] == []


def test_a_changed_document_makes_another_page() -> None:
    document = json.loads(DOCUMENT.read_text())
    document["components"]["schemas"]["Mark"] = {
        "type": "object",
        "properties": {"of": {"type": "string"}},
    }

    assert "### Mark" in page(document)
    assert page(document) != PAGE.read_text()
