"""How many bytes other people's websites load: the widget's loader, and what its frame adds."""

import gzip
import re
from typing import Any

import httpx

from tests.benchmarks.figures import Target
from tests.benchmarks.load import NotTaken

# Bytes, compressed.
MOST = 5_000
_FILES = re.compile(r'(?:src|href)="(/static/[^"]+)"')


def measure(server: str) -> dict[str, Any]:
    """Bytes of each part, plain and compressed. `server`: the product's address.

    The frame: the form's page, and its style sheets, scripts and icon. Raises NotTaken.
    """
    with httpx.Client(base_url=server, timeout=30) as client:
        page = _body(client, "/widget/website/")
        files = [_body(client, path) for path in dict.fromkeys(_FILES.findall(page.decode()))]
        return {
            "loader": _sizes(_body(client, "/widget.js")),
            "settings": _sizes(_body(client, "/widget/website/settings/")),
            "frame": _sizes(page, *files),
        }


def targets(figures: dict[str, Any]) -> list[Target]:
    """The figures beside their promised limits."""
    loader = figures["loader"]["gzip"]
    return [Target("widget's loader, bytes", loader, MOST, at_most=True)]


def table(figures: dict[str, Any]) -> str:
    """For a person."""
    lines = [f"{'bytes':20}{'raw':>10}{'gzip':>10}"]
    lines += [f"{what:20}{it['raw']:10}{it['gzip']:10}" for what, it in figures.items()]
    return "\n".join(lines)


def _body(client: httpx.Client, path: str) -> bytes:
    answer = client.get(path)
    if not answer.is_success:
        raise NotTaken(f"{path} was answered {answer.status_code}")
    return answer.content


def _sizes(*bodies: bytes) -> dict[str, int]:
    packed = sum(len(gzip.compress(it, 9)) for it in bodies)
    return {"raw": sum(len(it) for it in bodies), "gzip": packed}
