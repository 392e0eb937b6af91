"""Sentences are taken from every template and module for visitors and salespeople."""

from pathlib import Path

import pytest

from callbacks.catalogs import extract, places
from callbacks.catalogs.places import ROOT, Place

# Folders outside places.FOLDERS: only managers and engineers read their sentences.
MANAGERS_TEMPLATES = {
    "templates/admin",
    "templates/alerts",
    "templates/privacy",
    "templates/reports",
    "templates/unfold",
}
MANAGERS_PACKAGES = {
    "leads/branding",  # what is wrong with an uploaded logo
    "leads/guard",  # what the checks have found, which is stored
    "leads/migrations",
    "leads/models",  # names of columns, in the admin
}


# Single modules and definitions of these packages are in places.ELSEWHERE.
OTHER_PACKAGES = {
    "access", "admin", "alerts", "audit", "calling", "catalogs", "common", "config", "console",
    "explain", "exports", "extensions", "lateness", "localrun", "mailing", "management",
    "migrations", "models", "monitoring", "opening_hours", "policy", "privacy",
    "reconciliation", "replay", "reports", "routing", "scheduling", "simulator", "spending",
    "subscriptions", "telephony", "voicenter", "webhooks",
}  # fmt: skip


def folders(below: str) -> set[str]:
    found = (path.parent for path in (ROOT / below).rglob("*") if path.suffix in {".html", ".py"})
    top = {ROOT / below / path.relative_to(ROOT / below).parts[0] for path in found
           if path != ROOT / below}  # fmt: skip
    return {path.relative_to(ROOT).as_posix() for path in top}


def test_each_folder_of_templates_is_for_visitors_and_salespeople_or_for_managers() -> None:
    assert folders("templates") - set(places.FOLDERS) == MANAGERS_TEMPLATES


def test_each_package_of_leads_is_for_visitors_or_for_managers() -> None:
    assert folders("leads") - set(places.FOLDERS) == MANAGERS_PACKAGES


def test_each_other_package_is_known_not_to_be_for_visitors_or_salespeople() -> None:
    """For a new package, somebody has to say whose pages it is for."""
    found = {path for path in folders("callbacks") if (ROOT / path).is_dir()}
    assert found - set(places.FOLDERS) == {f"callbacks/{name}" for name in OTHER_PACKAGES}


def test_a_new_file_of_a_visitors_folder_is_in_it() -> None:
    paths = {place.path for place in places.all_places()}
    for folder in places.FOLDERS:
        for path in (ROOT / folder).glob("*.html"):
            its = path.relative_to(ROOT).as_posix()
            assert its in paths or its in places.FOR_MANAGERS


def test_what_is_left_out_is_there_and_has_sentences() -> None:
    found = set(places.in_folders())
    assert set(places.FOR_MANAGERS) <= found
    assert [path for path in places.FOR_MANAGERS if not len(extract.sentences(Place(path)))] == []


@pytest.mark.parametrize("place", places.ELSEWHERE, ids=lambda place: place.path)
def test_a_place_elsewhere_is_there_and_has_sentences(place: Place) -> None:
    assert Path(ROOT / place.path).is_file()
    assert Path(place.path).parent.as_posix() not in places.FOLDERS
    assert len(extract.sentences(place)) > 0
