"""axe-core in a page: what keeps somebody from reading or using it, by the rules of WCAG 2.2 AA."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import ROOT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (rules) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  return found.violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.map(({html, any}) => [html, ...any.map(({message}) => message)]),
  }));
}"""


def violations(page: Page) -> list[str]:
    """Each element of the page that breaks a rule, with the rule; empty where there is none."""
    page.wait_for_load_state()  # or it would complain of what is not there yet
    page.evaluate(_source())  # not as a script element, which the page's policy would refuse
    found: list[dict[str, Any]] = page.evaluate(_RUN, RULES)
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(node)[:400]}"
        for rule in found
        for node in rule["nodes"]
    ]


@cache
def _source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
