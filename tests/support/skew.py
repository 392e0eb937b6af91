"""Processes on a machine with a wrong clock."""

from pathlib import Path

from tests.support.stack import procfile

_HERE = Path(__file__).with_name("skewed")


def skewed(name: str, seconds: float) -> str:
    """The Procfile's command for this process, on a machine whose clock is `seconds` ahead."""
    command = procfile()[name.rstrip("0123456789")]
    exported = " ".join(f"{name}={value}" for name, value in skew(seconds).items())
    return f"export {exported}; {command}"


def skew(seconds: float) -> dict[str, str]:
    """The environment of a process on a machine whose clock is `seconds` ahead."""
    return {"CLOCK_SKEW": str(seconds), "PYTHONPATH": str(_HERE)}
