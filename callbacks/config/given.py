"""What every process is given: its environment, `.env` beside manage.py, and a running `make run`.

Settings, gunicorn and the Celery application read variables only through `env`, so `.env` applies
to all of them. Values that cannot be read are collected in `env.mistakes` and raise nothing;
`callbacks.config.start` reports all of them at once.
"""

import os
from pathlib import Path

from callbacks.common.local_servers import recorded_settings, recorded_urls
from callbacks.config.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Environment()
env.read_file(BASE_DIR / ".env")

DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / ".data")
# What a running `make run` chose itself, such as the simulator as the provider.
for _name, _value in recorded_settings(DATA_DIR).items():
    if not os.environ.get(_name):
        os.environ[_name] = _value

# Where the servers of that `make run` listen; None if there is none.
embedded = recorded_urls(DATA_DIR)


def generated(file_name: str) -> str:
    """What `make run` generated and saved in DATA_DIR/file_name; "" if it never ran."""
    try:
        return (DATA_DIR / file_name).read_text().strip()
    except OSError:
        return ""
