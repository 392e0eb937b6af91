"""docs/deploy.md and what readers copy from it: the files of docs/deploy/, commands, settings."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.config.test_compose import service
from tests.config.test_env_example import documented
from tests.deploy.test_units import UNITS
from tests.support.stack import ROOT

DEPLOY = ROOT / "docs" / "deploy.md"
KIT = [ROOT / "docs" / "deploy", ROOT / "docs" / "proxy"]
# Variables of containers that get their environment from elsewhere, and of scripts.
NOT_SETTINGS = {"OWNER_PASSWORD", "APP_PASSWORD"}


def blocks() -> Iterator[str]:
    """What readers paste into a shell: fenced blocks, and lines indented by four spaces."""
    text = DEPLOY.read_text()
    for indent, block in re.findall(r"^( *)```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield "\n".join(line.removeprefix(indent) for line in block.splitlines())
    unfenced = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for run in re.findall(r"(?:^    (?![ |]).*\n)+", unfenced, re.MULTILINE):
        yield "\n".join(line[4:] for line in run.splitlines())


def everything() -> str:
    return "\n".join(blocks())


def test_there_is_something_to_copy() -> None:
    assert "systemctl enable --now" in everything()
    assert "manage.py migrate" in everything()
    assert "pg_restore" in everything()


@pytest.mark.parametrize("block", list(blocks()), ids=lambda block: block.split("\n")[0][:50])
def test_a_shell_can_read_each_block(block: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-n"], input=block, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_of_the_kit_is_in_the_docs() -> None:
    text = DEPLOY.read_text()
    for path in (path for folder in KIT for path in folder.rglob("*") if path.is_file()):
        # For a template, the docs name an instance.
        template, _, kind = path.name.partition("@.")
        named = rf"{re.escape(template)}@[\w-]+\.{kind}" if kind else re.escape(path.name)
        assert re.search(named, text), path.name


def test_every_file_and_unit_that_the_docs_name_is_there() -> None:
    text = DEPLOY.read_text()
    for path in re.findall(r"\bdocs/(?:deploy|proxy)/[\w./@-]*\w", text):
        assert (ROOT / path).exists(), path
    for target in re.findall(r"\]\(((?:deploy|proxy)/[^)#]*)\)", text):
        assert (ROOT / "docs" / target).exists(), target
    for unit in re.findall(
        r"\bcallbacks[\w-]*(?:@[\w-]+)?\.(?:service|socket|target|timer)\b", text
    ):
        assert (UNITS / re.sub(r"@[^.]+", "@", unit)).exists(), unit


def test_every_command_of_ours_is_one() -> None:
    ours = get_commands().keys() | {"runserver"}
    named = re.findall(r"manage\.py ([a-z_]+)", DEPLOY.read_text())
    assert named
    for command in named:
        assert command in ours, command


def test_every_setting_that_a_block_sets_is_one() -> None:
    for block in blocks():
        for name in re.findall(r"^\s*[\"']?(?:export )?([A-Z][A-Z_]+)=", block, re.MULTILINE):
            assert name in {*documented(), *NOT_SETTINGS}, name


def test_every_service_that_compose_is_told_of_is_in_its_file() -> None:
    for line in re.findall(r"docker compose .*", everything()):
        words = [word for word in shlex.split(line.partition("<")[0].partition(">")[0])
                 if not word.startswith("-")]  # fmt: skip
        if len(words) > 3 and words[2] in {"exec", "run", "stop", "up", "logs"}:
            service(words[3])


def test_each_image_of_compose_has_a_place_for_its_digest() -> None:
    [block] = [it for it in blocks() if "imagetools" in it]
    named = dict(re.findall(r"([A-Z]+_IMAGE)=(\S+?)(?=[ ;])", block))
    compose = (ROOT / "docker-compose.yml").read_text()
    used = dict(re.findall(r"\$\{([A-Z]+_IMAGE):-([^}]+)\}", compose))
    used["PYTHON_IMAGE"] = f"python:{used['PYTHON_IMAGE']}"
    assert named == used
    assert f"ARG PYTHON={used['PYTHON_IMAGE'].removeprefix('python:')}" in (
        Path(ROOT / "Dockerfile").read_text()
    )
    assert not re.search(r"sha256:[0-9a-f]{64}", compose), "no digest here goes stale"
