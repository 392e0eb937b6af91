"""The servers and settings of a running `make run`, for `manage.py` in a second terminal.

Standard library only: the settings import this module in production too.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORD = "embedded.json"
SETTINGS_RECORD = "settings.json"


@dataclass(frozen=True)
class Urls:
    """The addresses of the database and Redis. They contain passwords, so the repr is empty."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


def recorded_urls(data_dir: Path) -> Urls | None:
    """Where the servers of a `make run` that runs on `data_dir` listen; None: none runs."""
    record = _of_a_launcher_that_runs(data_dir / RECORD)
    try:
        return Urls(**record) if record else None
    except TypeError:
        return None


def recorded_settings(data_dir: Path) -> dict[str, str]:
    """Settings of a `make run` that runs on `data_dir` now, by variable; {}: none runs."""
    record = _of_a_launcher_that_runs(data_dir / SETTINGS_RECORD) or {}
    return {name: value for name, value in record.items() if isinstance(value, str)}


def _of_a_launcher_that_runs(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text())
        os.kill(record.pop("launcher"), 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record
