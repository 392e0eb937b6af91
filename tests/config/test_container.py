"""What Dockerfile and docker-compose.yml allow a process after a break-in."""

import re
from pathlib import Path

import pytest

from tests.config.test_compose import ROOT, service

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
OURS = ("migrate", "web", "worker", "beat", "simulator", "demo")


def template() -> str:
    """What all our services share."""
    found = re.search(r"^x-app: &app\n((?:  .*\n|\n)+)", COMPOSE, re.MULTILINE)
    assert found
    return found[1]


def test_the_image_runs_as_nobody_in_particular() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last_stage, re.MULTILINE) == ["callbacks"]
    assert last_stage.index("COPY . .") < last_stage.index("USER callbacks")
    assert "--uid 10001" in last_stage
    assert "/usr/sbin/nologin" in last_stage
    assert not re.search(r"chown|chmod", last_stage)  # it owns nothing that it runs


def test_the_image_holds_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    # Only what is named: neither .env nor .data.
    assert ignored[0] == "*"
    assert not [it for it in ignored if it.startswith("!.")]
    for kind, named in re.findall(r"^(ENV|ARG) (.*)$", DOCKERFILE, re.MULTILINE):
        assert not re.search("SECRET|PASSWORD|TOKEN|VOICENTER_CODE", named), kind
    assert not re.search(r"SECRET|PASSWORD|TOKEN|VOICENTER_CODE", DOCKERFILE)


@pytest.mark.parametrize(
    "line",
    ["read_only: true", "tmpfs: [/tmp]", "cap_drop: [ALL]",
     'security_opt: ["no-new-privileges:true"]'],
)  # fmt: skip
def test_a_process_of_ours_may_write_nothing_and_become_nobody_else(line: str) -> None:
    assert line in template()
    for name in OURS:
        lines = service(name)
        assert "<<: *app" in lines
        assert line.partition(":")[0] not in lines, "no service takes it back"
        assert "privileged" not in lines.replace("no-new-privileges", "")
        assert "user:" not in lines
    # It binds ports below 1,024 without being root.
    assert re.findall(r"cap_add: (.*)", COMPOSE) == ["[NET_BIND_SERVICE]"]
    assert "cap_add" in service("proxy")
    assert "<<: *web" in service("web-next")
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"):
        assert line in service("proxy")
    assert "docker.sock" not in COMPOSE


def test_only_the_proxy_on_this_machine_can_reach_them() -> None:
    """Except for that proxy itself, if it is compose's own."""
    assert 'ports: ["80:80", "443:443"]' in service("proxy")
    published = re.findall(r"ports: \[(.+)\]", COMPOSE.replace(service("proxy"), ""))
    assert published
    assert all(it.startswith('"127.0.0.1:') for it in published)
    assert "ports" not in service("postgres")
    assert "ports" not in service("redis")


@pytest.mark.parametrize("file", ["docker-compose.yml", "Procfile", "Makefile", "Dockerfile"])
def test_no_command_line_holds_a_secret(file: str) -> None:
    """Arguments can be read by every user of the machine; the environment cannot."""
    text = (ROOT / file).read_text()
    commands = re.findall(r"^\s*(?:command|test|CMD|\w+: exec).*(?:\n\s+- .*|\n\s{6,}\S.*)*", text,
                          re.MULTILINE)  # fmt: skip
    commands += re.findall(r"^\t.*$", text, re.MULTILINE)
    for command in commands:
        # $$ belongs to the shell in the container, which reads its environment.
        inside = command.replace("$$", "")
        assert not re.search(r"\$\{?\w*(SECRET|PASSWORD|TOKEN|CODE|_URL)", inside), command


def test_the_units_of_the_docs_hold_none_either() -> None:
    deploy = (Path(ROOT) / "docs" / "deploy.md").read_text()
    for line in re.findall(r"^    \.venv/bin/.*$", deploy, re.MULTILINE):
        assert not re.search("SECRET|PASSWORD|TOKEN|CODE|URL", line)
