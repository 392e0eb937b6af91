"""The simulator's behaviour: the settings that `POST /control` changes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from callbacks.simulator.engine.faults import Fault
from callbacks.simulator.engine.readers import Network

MAPS = ("extensions", "answers", "names", "logins", "blacklist")
# A webhook's address contains a secret, so only whether it is set is shown, under these names.
SECRET = {"cdr_url": "cdr_posts", "popup_url": "popup_posts"}


@dataclass(frozen=True, slots=True)
class History:
    """Made-up records in the Call Log: `count` of them from `since` to `until` (epoch seconds)."""

    count: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Settings:
    """How phones, posts and lists behave. Times in seconds; the keys of maps are `line_key`s."""

    seed: int = 1
    answer_after: float = 2.0
    talk: float = 15.0
    no_answer_after: float | None = None
    linger: float = 0.0
    mode: str = "auto"
    extensions: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, int] = field(default_factory=dict)
    blacklist: Mapping[str, str] = field(default_factory=dict)
    forbid: bool = False
    allowed_ips: tuple[Network, ...] | None = None
    cdr_url: str | None = None
    cdr_tries: int = 5
    cdr_backoff: float = 1.0
    cdr_format: str = "json"
    cdr_when: str = "call"
    cdr_delay: float = 0.0
    custom_data: str = "CustomData"
    custom_prefix: bool = True
    ivr: tuple[Mapping[str, Any], ...] = ()
    ivr_as: str = "list"
    ai_data: str = "none"
    ai_data_after: float = 0.0
    popup_url: str | None = None
    popup_format: str = "json"
    popup_limit: float = 3.0
    log_delay: float = 0.0
    log_per_minute: int | None = 30
    log_at_most: int = 10_000
    log_keys: str = "documented"
    log_history: History | None = None

    def as_dict(self) -> dict[str, Any]:
        """The settings for `GET /control`; for an address, only whether it is set."""
        shown: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in SECRET:
                shown[SECRET[item.name]] = value is not None
            elif item.name in MAPS:
                shown[item.name] = dict(value)
            elif item.name == "allowed_ips":
                shown[item.name] = None if value is None else [str(network) for network in value]
            elif isinstance(value, History):
                shown[item.name] = {"count": value.count, "from": value.since, "to": value.until}
            else:
                shown[item.name] = value
        return shown


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A checked control. `faults` and `seed` are None if the control does not name them."""

    values: Mapping[str, Any]
    faults: tuple[Fault, ...] | None = None
    seed: int | None = None
    reset: bool = False

    def apply(self, settings: Settings) -> Settings:
        """The settings after the change: maps are merged, all other values replaced."""
        values = dict(self.values)
        for name in MAPS:
            if name in values:
                merged = {**getattr(settings, name), **values[name]}
                values[name] = {key: value for key, value in merged.items() if value is not None}
        return replace(settings, **values)
