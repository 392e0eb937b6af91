"""What 400 open status pages cost the web server, in per cent of one core.

Once as if each page asked every second, once as if it asked when its answers say. `make bench` does
not run it. Run it with
`.venv/bin/python -m callbacks.localrun.servers .venv/bin/python -m pytest -s` and this file's path.
"""

import os

import httpx
import psutil
import pytest

from callbacks.models import Extension
from leads import intake
from leads.models import LeadSource

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = 400
ASKS = 2_000  # requests, whose mean cost is taken


def test_what_400_open_pages_cost(gunicorn: str, source: LeadSource, extension: Extension) -> None:
    """All leads wait, and no phone can ring."""
    Extension.objects.update(is_paused=True)
    leads = [
        intake.store(
            intake.Submission(
                source=source, key=intake.key_from("bench", str(number)), name="Noa",
                phone=f"+9725055{number:05}",
            )
        )
        for number in range(PAGES)
    ]  # fmt: skip
    servers = [it for it in psutil.Process().children(recursive=True) if "gunicorn" in
               " ".join(it.cmdline())]  # fmt: skip
    told = []
    with httpx.Client(base_url=gunicorn, timeout=60) as browser:
        for lead in leads[:50]:
            browser.get(f"/api/leads/{lead.public_id}/")
        before = _used(servers)
        for number in range(ASKS):
            body = browser.get(f"/api/leads/{leads[number % PAGES].public_id}/").json()
            told.append(body.get("ask_after", 1))
        each = (_used(servers) - before) / ASKS
    every = sum(told) / len(told)
    print(
        f"\n{PAGES} pages, {each * 1000:.2f} ms an answer, load {os.getloadavg()[0]:.1f}: "
        f"every second {PAGES * each * 100:.0f} % of a core, "
        f"as told (every {every:.0f} s) {PAGES * each * 100 / every:.1f} %"
    )


def _used(servers: list[psutil.Process]) -> float:
    return sum(it.cpu_times().user + it.cpu_times().system for it in servers)
