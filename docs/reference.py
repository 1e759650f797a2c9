"""Writes docs/api.md from docs/openapi.json: python -m docs.reference [--check]

`--check` writes nothing and exits with 1 where the page is not what the document makes.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENT, PAGE = HERE / "openapi.json", HERE / "api.md"
METHODS = ("get", "post", "patch", "put", "delete")
MOST_WORDS = 12  # in a table; an object with more lists them under its own name
LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "length at least",
    "maxLength": "length at most",
    "minItems": "items at least",
    "maxItems": "items at most",
}
HEAD = """# API reference

Made from [openapi.json](openapi.json) by `make docs`: change the code, not this page. How the
calls go together stands in [integrators.md](integrators.md), every code in [errors.md](errors.md).
"""


def page(document: Mapping[str, Any]) -> str:
    """Return the page that describes `document`: its calls by chapter, then its objects."""
    return "\n".join([HEAD, *_calls(document), *_objects(document)]) + "\n"


def _calls(document: Mapping[str, Any]) -> Iterator[str]:
    for chapter, calls in _by_chapter(document).items():
        yield f"## {chapter}\n"
        for method, path, call in calls:
            yield from _call(document, method, path, call)


def _by_chapter(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Any]]]:
    chapters: dict[str, list[tuple[str, str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                chapter = item[method].get("tags", ["Other"])[0]
                chapters.setdefault(chapter, []).append((method, path, item[method]))
    return dict(sorted(chapters.items()))


def _call(document: Mapping[str, Any], method: str, path: str, call: Any) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    for text in (call.get("summary"), call.get("description")):
        if text:
            yield f"{text.strip().removesuffix('.')}.\n"
    parameters = [_resolved(document, p) for p in call.get("parameters", [])]
    if parameters:
        yield from _table(("parameter", "in", "type", ""), [_parameter(p) for p in parameters])
    body = _resolved(document, call.get("requestBody", {})).get("content")
    if body:
        yield f"Body: {_type(_schema(body))}\n"
    yield from _answers({s: _resolved(document, r) for s, r in sorted(call["responses"].items())})


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    star = "*" if parameter.get("required") else ""
    schema = parameter["schema"]
    about = _about({**schema, "description": parameter.get("description", "")})
    return (f"`{parameter['name']}`{star}", parameter["in"], _type(schema), about)


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    """One line for each success; the errors, which are alike everywhere, in one."""
    for status, response in responses.items():
        if status.startswith("2"):
            content = response.get("content")
            what = f" {_type(_schema(content))}" if content else ""
            yield f"Answers {status}{what}{_why(response)}.\n"
    errors = [status for status in responses if not status.startswith("2")]
    if errors:
        yield f"Errors: {', '.join(errors)}, each an [ErrorResponse](#errorresponse).\n"


def _why(response: Mapping[str, Any]) -> str:
    """What an answer is, where that is more than its status says."""
    text = _prose(response.get("description", "")).removesuffix(".")
    return "" if text in ("", "Done", "Created") else f": {text[0].lower()}{text[1:]}"


def _objects(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## Objects\n"
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        yield f"### {name}\n"
        if about := _prose(schema.get("description", "")):
            yield f"{about}\n"
        if "enum" in schema:
            yield f"One of {_words(schema['enum'])}.\n"
        required = set(schema.get("required", ()))
        rows = [
            (f"`{field}`{'*' if field in required else ''}", _type(s), _about(s))
            for field, s in schema.get("properties", {}).items()
        ]
        if rows:
            yield from _table(("field", "type", ""), rows)


def _about(schema: Mapping[str, Any]) -> str:
    limits = [f"{words} {schema[key]}" for key, words in LIMITS.items() if key in schema]
    return " ".join(filter(None, (_prose(schema.get("description", "")), ", ".join(limits))))


def _prose(text: str) -> str:
    """A description without the list of words that the generator adds where the type has them."""
    lines = (line.strip() for line in text.splitlines())
    return " ".join(line for line in lines if line and not line.startswith("* `"))


def _type(schema: Mapping[str, Any]) -> str:
    """Say a schema in a few words, objects as links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key, glue in (("allOf", " and "), ("oneOf", " or "), ("anyOf", " or ")):
        if key in schema:
            return _or_null(schema, glue.join(_type(part) for part in schema[key]))
    if "enum" in schema:
        many = len(schema["enum"]) > MOST_WORDS
        return f"one of {len(schema['enum'])} words" if many else _words(schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    return _or_null(schema, f"{kind} ({schema['format']})" if "format" in schema else kind)


def _or_null(schema: Mapping[str, Any], kind: str) -> str:
    return f"{kind} or null" if schema.get("nullable") else kind


def _words(values: list[Any]) -> str:
    return ", ".join("null" if value is None else f"`{value}`" for value in values)


def _schema(content: Mapping[str, Any]) -> Any:
    return next(iter(content.values())).get("schema", {})


def _resolved(document: Mapping[str, Any], item: Mapping[str, Any]) -> Any:
    if "$ref" not in item:
        return item
    found: Any = document
    for step in item["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    written = page(json.loads(DOCUMENT.read_text()))
    if "--check" not in arguments:
        PAGE.write_text(written)
        return 0
    if PAGE.exists() and PAGE.read_text() == written:
        return 0
    sys.stderr.write("docs/api.md is stale: run `make docs`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
