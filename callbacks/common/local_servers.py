"""Where the PostgreSQL and Redis that `make run` started listen, for settings to find them.

Standard library only: settings import this in production too.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

RECORD = "embedded.json"


@dataclass(frozen=True)
class Urls:
    """Where the database and Redis are. They hold passwords, so their repr is empty."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


def recorded_urls(data_dir: Path) -> Urls | None:
    """Where the servers of a launcher that runs on `data_dir` now listen; None: there is none."""
    try:
        record = json.loads((data_dir / RECORD).read_text())
        os.kill(record.pop("launcher"), 0)
        return Urls(**record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
