"""Style sheets, scripts and pictures as production serves them: collected, under hashed names."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client, override_settings

from leads.models import Lead

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files that `collectstatic` made, in use."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root):
        call_command("collectstatic", interactive=False, verbosity=0)
    with override_settings(STATIC_ROOT=root):  # like a process that starts afterwards
        yield root


def linked(page: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="/static/([^"?#]+)', page))


def test_before_anything_is_collected_files_have_their_own_names(tmp_path: Path) -> None:
    with override_settings(STATIC_ROOT=tmp_path):
        assert staticfiles_storage.url("leads/site.css") == "/static/leads/site.css"


def test_collected_files_have_hashed_names_and_are_compressed(collected: Path) -> None:
    name = staticfiles_storage.url("leads/site.css").removeprefix("/static/")
    assert HASHED.search(name)
    assert (collected / name).exists()
    assert (collected / f"{name}.gz").exists()


def test_every_page_finds_its_collected_files(
    collected: Path, make_lead: Callable[..., Lead], admin_client: Client
) -> None:
    lead = make_lead()
    for address in (
        "/contact/website/",
        f"/contact/website/{lead.public_id}/",
        "/contact/nobody/",
        "/admin/",
        "/admin/leads/lead/",
        f"/admin/leads/lead/{lead.pk}/change/",
        "/admin/callbacks/extension/",
        "/admin/callbacks/extension/add/",
        "/admin/callbacks/schedule/add/",
        "/admin/reports/callback-times/",
    ):
        files = linked(admin_client.get(address).content.decode())
        assert files, address
        assert all(HASHED.search(name) and (collected / name).exists() for name in files), files
