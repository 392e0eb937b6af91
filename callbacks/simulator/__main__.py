"""`python -m callbacks.simulator`: see docs/simulator.md."""

import argparse
import errno
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from callbacks.simulator.engine import ai_data
from callbacks.simulator.engine.control import read_change
from callbacks.simulator.engine.readers import ControlError, url
from callbacks.simulator.engine.settings import Settings, SettingsChange
from callbacks.simulator.http.server import listen, run


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the simulator. The exit status is 0 after a clean stop, 1 if it cannot listen."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, handlers=[_handler()])
    # httpx logs whole addresses, and the address of the CDR webhook contains a secret.
    logging.getLogger("httpx").setLevel(logging.ERROR)
    # A setting with its own option wins over the same key in --control.
    settings = replace(
        options.control.apply(Settings()),
        **{
            name: getattr(options, name)
            for name in ("seed", "answer_after", "talk", "cdr_url", "popup_url", "ai_data")
            if getattr(options, name) is not None
        },
    )
    settings = options.extensions.apply(settings)
    mail_sock = None
    port, choice = options.port, "--port or SIMULATOR_PORT"
    try:
        sock = listen(options.host, port)
        if options.mail_port is not None:
            port, choice = options.mail_port, "--mail-port or SIMULATOR_MAIL_PORT"
            mail_sock = listen(options.host, port)
    except OSError as error:
        sys.stderr.write(f"simulator: {_why(error, options.host, port, choice)}\n")
        return 1
    faults = options.control.faults or ()
    run(sock, settings, options.code, options.ready_file, faults, mail_sock)
    return 0


def _handler() -> logging.Handler:
    """Lines with their time in UTC, like the product's."""
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03d+00:00 %(levelname)s simulator %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    return handler


def _why(error: OSError, host: str, port: int, choice: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is busy: stop what runs there, or choose another with "
            f"{choice} (0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights: choose one from 1024 on"
    return f"cannot listen on {host} port {port}: {error.strerror or error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m callbacks.simulator",
        description="A Voicenter that runs on this machine (docs/simulator.md).",
    )
    add = parser.add_argument
    defaults = Settings()
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add(
        "--port",
        type=_port,
        default=os.environ.get("SIMULATOR_PORT") or "8010",
        help="port to listen on, 0 for a free one (SIMULATOR_PORT, or 8010)",
    )
    add(
        "--mail-port",
        type=_port,
        default=os.environ.get("SIMULATOR_MAIL_PORT") or None,
        help="port on which mail is taken, to be shown at /mail/ (SIMULATOR_MAIL_PORT); without "
        "it, none is",
    )
    add(
        "--cdr-url",
        type=_checked(lambda text: url("address", text)),
        default=os.environ.get("SIMULATOR_CDR_URL") or None,
        help="where the record of each leg is posted (SIMULATOR_CDR_URL); without it, nowhere",
    )
    add(
        "--popup-url",
        type=_checked(lambda text: url("address", text)),
        default=os.environ.get("SIMULATOR_POPUP_URL") or None,
        help="where pop-up requests go (SIMULATOR_POPUP_URL); without it, nowhere",
    )
    add(
        "--extensions",
        type=_checked(_extensions),
        default=os.environ.get("SIMULATOR_EXTENSIONS", ""),
        metavar="N,N",
        help="the account's extensions, on the page from the start (SIMULATOR_EXTENSIONS)",
    )
    add(
        "--control",
        type=_checked(_control),
        default=os.environ.get("SIMULATOR_CONTROL") or "{}",
        metavar="JSON",
        help="any other settings, as POST /control takes them (SIMULATOR_CONTROL)",
    )
    add(
        "--code",
        default=os.environ.get("VOICENTER_CODE", ""),
        help="the code that callers must send (VOICENTER_CODE); without it, any will do",
    )
    add("--seed", type=_setting("seed", int), help=f"for ids and faults ({defaults.seed})")
    add(
        "--answer-after",
        type=_setting("answer_after", float),
        metavar="S",
        help=f"seconds that a phone rings before it is answered ({defaults.answer_after:g})",
    )
    add(
        "--talk",
        type=_setting("talk", float),
        metavar="S",
        help=f"seconds that a conversation lasts ({defaults.talk:g})",
    )
    add(
        "--ai-data",
        type=_checked(lambda text: read_change({"ai_data": text}).values["ai_data"]),
        default=os.environ.get("SIMULATOR_AI_DATA") or None,
        metavar="WORD",
        help=f"the AI data of each talk, right or wrong: {', '.join(ai_data.KINDS)} "
        "(SIMULATOR_AI_DATA); without it, none",
    )
    add("--ready-file", type=Path, metavar="PATH", help="written with the address when ready")
    return parser


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return read(text)
        except ControlError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        except ValueError:
            raise argparse.ArgumentTypeError("not a number") from None

    return convert


def _setting(name: str, kind: Callable[[str], float]) -> Callable[[str], Any]:
    """A command-line value with the same limits as in `POST /control`."""
    return _checked(lambda text: read_change({name: kind(text)}).values[name])


def _extensions(text: str) -> SettingsChange:
    """ "101, 102" as a change of the settings: these extensions exist and are online."""
    numbers = [number.strip() for number in text.split(",") if number.strip()]
    return read_change({"extensions": dict.fromkeys(numbers, "online")})


def _control(text: str) -> SettingsChange:
    try:
        return read_change(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise ControlError("not valid JSON") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError("not a port (0 to 65535)")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
