"""action=terminate: hang up whatever call an extension is on (vendor page 1.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.parameters import Parameter

TERMINATE_PARAMETERS: dict[str, Parameter] = {
    "phone": Parameter("phone", p.destination, mandatory=True),
}


@dataclass(frozen=True)
class Terminate:
    """A call to be hung up; checked when built. Raises InvalidCall.

    `phone` is the extension. The call cannot be named: whatever call the extension is on is ended,
    so first check that it is still the call you mean (`Client.active_calls`). Source: vendor page
    1.5.
    """

    action: ClassVar[str] = "terminate"

    phone: str = field(repr=False)

    def __post_init__(self) -> None:
        self.wire()

    def wire(self) -> dict[str, str]:
        """The parameter under the provider's name."""
        return p.encode(TERMINATE_PARAMETERS, {"phone": self.phone})
