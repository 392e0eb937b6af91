"""Where the contract's messages come from: recordings, and a provider that really runs."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.simulator import Post, Receiver, SimulatorProcess, eventually

FIXTURES = Path(__file__).parents[1] / "fixtures" / "voicenter"
PHONE = "aBcD12ef"
TARGET = "972505550101"
CUSTOM = {"var_lead": "L-7f3k", "var_attempt": "A-91xz"}

CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml",
}
# How a call ends, and what the lead's phone does for that.
ENDS = {"talk": "answer", "busy": "busy", "noanswer": "noanswer"}
# Each ERRORCODE, with a cause that a real account could have.
CAUSES = {
    1: {"parameters": {"phone": ""}},
    2: {"faults": [{"kind": "application_error", "count": 1}]},
    3: {"extensions": {PHONE: "offline"}},
    4: {"extensions": {PHONE: "blocked"}},
}


@dataclass(frozen=True)
class Message:
    """A message as it stood on the wire."""

    body: bytes
    content_type: str


class Recorded:
    """Messages in the provider's own form; all values in them are invented."""

    def accepted(self, form: str) -> bytes:
        return (FIXTURES / f"accepted.{form}").read_bytes()

    def refused(self, code: int, form: str) -> bytes:
        return (FIXTURES / f"refused-{code}.{form}").read_bytes()

    def records(self, end: str, form: str) -> list[Message]:
        paths = [FIXTURES / f"cdr-{end}-leg{leg}.{form}" for leg in (1, 2)]
        return [Message(path.read_bytes(), CONTENT_TYPES[form]) for path in paths]

    def popups(self) -> list[Message]:
        names = [f"popup-{status}.json" for status in ("ringing", "talking", "hangup")]
        return [Message((FIXTURES / name).read_bytes(), "application/json") for name in names]

    def log(self) -> bytes:
        return (FIXTURES / "call-log.json").read_bytes()


class Simulated:
    """The same messages, each from a call that is made for it."""

    def __init__(self, simulator: SimulatorProcess, hook: Receiver) -> None:
        self._simulator = simulator
        self._hook = hook

    def accepted(self, form: str) -> bytes:
        return self._call(form)

    def refused(self, code: int, form: str) -> bytes:
        cause = dict(CAUSES[code])
        parameters = cause.pop("parameters", {})
        self._simulator.control(**cause)
        return self._call(form, **parameters)

    def records(self, end: str, form: str) -> list[Message]:
        self._simulator.control(
            cdr_url=self._hook.url,
            cdr_format=form,
            answers={TARGET: ENDS[end]},
            no_answer_after=0.2,
        )
        return self._arriving(2, record="true")

    def popups(self) -> list[Message]:
        self._simulator.control(popup_url=self._hook.url)
        return self._arriving(3)

    def log(self) -> bytes:
        self._call("json")
        self._simulator.ended()
        day = {"fromdate": "2000-01-01T00:00:00", "todate": "2100-01-01T00:00:00"}
        answer = self._simulator.http.post(
            f"{self._simulator.url}/hub/cdr/", json={"code": self._simulator.code, "search": day}
        )
        return answer.content

    def _call(self, form: str, **parameters: str) -> bytes:
        fields = {
            "code": self._simulator.code,
            "action": "call",
            "phone": PHONE,
            "target": TARGET,
            "format": form,
            **CUSTOM,
            **parameters,
        }
        return self._simulator.http.post(self._simulator.click2call_url, data=fields).content

    def _arriving(self, count: int, **parameters: str) -> list[Message]:
        """What the provider posts about a call that is made now."""
        before = len(self._hook.posts)
        self._call("json", **parameters)
        posts = eventually(lambda: self._posts_after(before, count))
        return [Message(post.body, post.content_type) for post in posts]

    def _posts_after(self, before: int, count: int) -> list[Post]:
        posts = self._hook.posts[before:]
        return posts[:count] if len(posts) >= count else []
