"""What is given to every process: its environment, `.env` beside manage.py, a `make run` beside it.

Settings, gunicorn and the Celery application read variables through `env` and nowhere else, so that
`.env` holds for all of them, and what cannot be read is collected in `env.mistakes` instead of
raised. `callbacks.config.start` names all of it at once.
"""

import os
from pathlib import Path

from callbacks.common.local_servers import recorded_settings, recorded_urls
from callbacks.config.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Environment()
env.read_file(BASE_DIR / ".env")

DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / ".data")
# What a `make run` that runs there has chosen itself, the simulator as provider for one.
for _name, _value in recorded_settings(DATA_DIR).items():
    if not os.environ.get(_name):
        os.environ[_name] = _value

# Where the servers of that `make run` listen; None: there is none.
embedded = recorded_urls(DATA_DIR)


def generated(file_name: str) -> str:
    """What `make run` generated and kept in DATA_DIR/file_name; "" when it never ran."""
    try:
        return (DATA_DIR / file_name).read_text().strip()
    except OSError:
        return ""
