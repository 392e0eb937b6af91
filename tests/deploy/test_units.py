"""docs/deploy/systemd/: systemd itself reads the units, and they fit what they start."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.stack import ROOT, procfile

UNITS = ROOT / "docs" / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
# It runs as root for a moment, to ask systemd for the restart of a unit.
HEALER = "callbacks-heal@.service"
OURS = [name for name in SERVICES if name != HEALER]
# The instance of a template is named after its purpose.
INSTANCES = {
    "callbacks-worker@.service": "callbacks-worker@1.service",
    "callbacks-health@.service": "callbacks-health@worker-1.service",
    "callbacks-health@.timer": "callbacks-health@beat.timer",
    HEALER: "callbacks-heal@worker-1.service",
}


def directives(name: str) -> dict[str, list[str]]:
    """The directives of a unit, by key."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def installed(folder: Path) -> list[Path]:
    """The units as on a server, with the paths of this working copy."""
    for path in UNITS.iterdir():
        here = path.read_text().replace("/opt/callbacks", str(ROOT))
        (folder / path.name).write_text(here.replace(f"{ROOT}/.venv", str(_environment(folder))))
    return [folder / INSTANCES.get(path.name, path.name) for path in sorted(UNITS.iterdir())]


def _environment(folder: Path) -> Path:
    """An environment with programs of these names for systemd; the tests may run in another."""
    programs = folder / "venv" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    for name in ("python", "gunicorn", "celery"):
        if not (programs / name).exists():
            shutil.copy("/bin/true", programs / name)
    return folder / "venv"


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    units = installed(tmp_path)
    for name, instance in INSTANCES.items():
        assert (tmp_path / name).exists()
        (tmp_path / instance).symlink_to(tmp_path / name)
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    theirs = [
        line for line in done.stderr.splitlines() if str(tmp_path) in line or "callbacks" in line
    ]
    assert (done.returncode, theirs) == (0, [])


def test_systemd_would_have_told_of_a_wrong_word(tmp_path: Path) -> None:
    units = installed(tmp_path)
    (tmp_path / "callbacks-beat.service").write_text(
        "[Service]\nExecStart=/bin/true\nMemryMax=1G\n"
    )
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", units[0]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "MemryMax" in done.stderr


@pytest.mark.parametrize("name", OURS)
def test_a_service_that_is_broken_into_can_do_little(name: str) -> None:
    """By systemd's own score, 0 is nothing, and 10 is everything that its user may do."""
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", "--threshold=25", "--no-pager",
         UNITS / name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_bounded_and_runs_as_its_own_user(name: str) -> None:
    said = directives(name)
    assert said["User"] == said["Group"] == ["callbacks"]
    assert {"MemoryMax", "TasksMax"} <= said.keys()
    assert said["EnvironmentFile"][0] == "/opt/callbacks/.env"
    if said["Type"] != ["oneshot"]:
        assert said["Restart"] == ["always"]
        assert "TimeoutStopSec" in said


def test_they_run_the_commands_of_the_procfile() -> None:
    programs = "/opt/callbacks/.venv/bin/"
    for name, process in procfile().items():
        unit = {"web": "callbacks-web.service", "beat": "callbacks-beat.service",
                "worker": "callbacks-worker@.service"}.get(name)  # fmt: skip
        if unit is None:
            continue
        [command] = directives(unit)["ExecStart"]
        ours = re.sub(r" --hostname \S+", "", command.removeprefix(programs))
        assert ours == process.removeprefix("exec ")


def test_a_worker_has_the_time_to_end_its_dials() -> None:
    example = (ROOT / ".env.example").read_text()
    timeouts = re.findall(r"^#VOICENTER_(?:CONNECT_)?TIMEOUT=([\d.]+)$", example, re.MULTILINE)
    assert len(timeouts) == 2
    longest = 10 + sum(map(float, timeouts))
    assert int(directives("callbacks-worker@.service")["TimeoutStopSec"][0]) > longest


def test_the_target_starts_what_there_is() -> None:
    wanted = " ".join(directives("callbacks.target")["Wants"]).split()
    for name in wanted:
        assert (UNITS / re.sub(r"@[^.]+", "@", name)).exists(), name
    kinds = {"callbacks-web.socket", "callbacks-web.service", "callbacks-worker@1.service",
             "callbacks-beat.service"}  # fmt: skip
    assert kinds < set(wanted)


def test_the_target_stops_what_it_starts() -> None:
    """The socket unit, too: otherwise the next visitor would start the web server again."""
    for name in " ".join(directives("callbacks.target")["Wants"]).split():
        unit = re.sub(r"@[^.]+", "@", name)
        assert directives(unit).get("PartOf") == ["callbacks.target"], name


def test_no_unit_holds_a_secret() -> None:
    for path in UNITS.iterdir():
        assert not re.search(r"(SECRET|PASSWORD|TOKEN|CODE|_URL)\w*=", path.read_text()), path.name


@pytest.mark.parametrize(
    ("process", "unit"),
    [("worker-1", "callbacks-worker@1.service"), ("worker-12", "callbacks-worker@12.service"),
     ("beat", "callbacks-beat.service")],
)  # fmt: skip
def test_what_has_stopped_working_is_restarted_by_the_name_of_its_unit(
    process: str, unit: str, tmp_path: Path
) -> None:
    [command] = directives(HEALER)["ExecStart"]
    script = command.removeprefix("/bin/sh -c '").removesuffix("'")
    script = script.replace("%i", process).replace("$$", "$")
    fake = tmp_path / "systemctl"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    # As systemd reports it: exit codes, or the name of the signal that ended the check.
    for status, said in {
        "1": f"try-restart {unit}\n",
        "203": "",
        "KILL": "",
        "TERM": "",
    }.items():
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "MONITOR_EXIT_STATUS": status},
        )
        assert done.stdout == said, status
