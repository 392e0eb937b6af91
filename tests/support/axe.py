"""What axe-core finds on a page open in Chromium, by WCAG 2.2 A and AA."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame, Page

_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
    },
    "rules": {"target-size": {"enabled": True}},  # off by default
    "resultTypes": ["violations"],
}


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def found(page: Page | Frame, left_out: str = "") -> list[str]:
    """Each fault as "rule: element: what is wrong"; [] if there are none.

    `left_out`: a selector for parts that are not ours to fix (docs/accessibility.md).
    """
    page.wait_for_load_state()
    page.evaluate(_script())  # through the debugger: the page's CSP does not block it
    what: dict[str, Any] = {"exclude": [[left_out]]} if left_out else {}
    results = page.evaluate(
        "([what, options]) => axe.run({include: [['html']], ...what}, options)", [what, _OPTIONS]
    )
    return [
        f"{fault['id']}: {node['html'][:160]}: "
        + "; ".join(it["message"] for kind in ("any", "all", "none") for it in node[kind])
        for fault in results["violations"]
        for node in fault["nodes"]
    ]
