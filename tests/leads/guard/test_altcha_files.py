"""The third-party files below static/altcha/ are those that their authors have published."""

import hashlib
import re

from django.conf import settings

PLACE = settings.BASE_DIR / "static" / "altcha"
SOURCE = (PLACE / "SOURCE.txt").read_text()
_ROW = re.compile(r"^([0-9a-f]{64})  (\S+)  \S+$", re.MULTILINE)


def test_each_is_recorded_and_unchanged() -> None:
    told = {name: digest for digest, name in _ROW.findall(SOURCE)}
    there = {it.name for it in PLACE.iterdir()} - {"SOURCE.txt"}
    assert there == set(told)
    for name, digest in told.items():
        assert hashlib.sha256((PLACE / name).read_bytes()).hexdigest() == digest, name


def test_version_integrity_and_licence_stand_there() -> None:
    assert re.search(r"^package +altcha \d+\.\d+\.\d+ ", SOURCE, re.MULTILINE)
    assert re.search(r"^integrity +sha512-[A-Za-z0-9+/]{86}==$", SOURCE, re.MULTILINE)
    assert (PLACE / "LICENSE.txt").read_text().startswith("MIT License")
