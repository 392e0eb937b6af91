import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from callbacks.common.local_servers import RECORD, Urls, recorded_settings, recorded_urls
from callbacks.localrun import postgres_server, processes, setpriv
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.servers import main, servers
from tests.support.launching import as_an_ordinary_user, holding
from tests.support.stack import free_port


@pytest.fixture(autouse=True)
def _no_addresses_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Urls]]:
    """Servers that tests only look at, below a directory that others may not enter."""
    parent = tmp_path_factory.mktemp("running")
    parent.chmod(0o700)
    data_dir = parent / "closed" / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        with servers(data_dir, durable=False) as urls:
            yield data_dir, urls


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for one launcher after another: only the first one creates a database."""
    return tmp_path_factory.mktemp("used")


def ask(urls: Urls, query: str) -> list[tuple]:
    with psycopg.connect(urls.database_url) as connection:
        return connection.execute(query).fetchall()


def servers_on(data_dir: Path) -> list[psutil.Process]:
    directories = [path for path in data_dir.iterdir() if path.is_dir()]
    return [found for path in directories for found in processes.left_servers(path)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_gives_a_database_and_a_redis_and_ends_both_after(tmp_path):
    with servers(tmp_path / "data", durable=False) as urls:
        assert ask(urls, "SHOW server_encoding") == [("UTF8",)]
        assert ask(urls, "SHOW server_version_num")[0][0].startswith("18")
        assert redis.Redis.from_url(urls.redis_url).ping()
        assert {process.name() for process in servers_on(tmp_path / "data")} >= {"postgres"}
    assert servers_on(tmp_path / "data") == []


def test_it_finds_its_data_again(tmp_path):
    with servers(tmp_path) as urls:
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        redis.Redis.from_url(urls.redis_url).set("kept", "42")
    with servers(tmp_path) as urls:
        assert ask(urls, "SELECT answer FROM kept") == [(42,)]
        assert redis.Redis.from_url(urls.redis_url).get("kept") == b"42"


def test_it_lets_nobody_in_without_the_password(running):
    _data_dir, urls = running
    host = urls.database_url.partition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgres://callbacks:wrong@{host}")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(f"postgres://postgres:wrong@{host}")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{urls.redis_url.partition('@')[2]}").ping()


def test_its_application_is_no_superuser_but_may_make_a_test_database(running):
    _data_dir, urls = running
    query = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(urls, query) == [(False, True)]


def test_it_keeps_its_secrets_to_its_user_and_leaves_other_directories_alone(running):
    data_dir, urls = running
    assert mode(data_dir.parent.parent) == 0o700
    assert mode(data_dir) == 0o700
    for name in [RECORD, "postgres-password", "redis-password"]:
        assert mode(data_dir / name) == 0o600
    password = urls.redis_url.split(":")[2].partition("@")[0]
    assert password not in repr(urls)
    shown = [" ".join(process.cmdline()) for process in servers_on(data_dir)]
    assert shown
    assert not any(password in line for line in shown)


def test_it_uses_the_addresses_it_is_given_and_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/one")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/2")
    with servers(tmp_path) as urls:
        assert urls == Urls("postgres://elsewhere/one", "redis://elsewhere/2")
        assert servers_on(tmp_path) == []


def test_it_starts_only_what_no_address_is_given_for(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/one")
    with servers(tmp_path, durable=False) as urls:
        assert urls.database_url == "postgres://elsewhere/one"
        assert redis.Redis.from_url(urls.redis_url).ping()
        assert not (tmp_path / "postgres").exists()


def test_another_process_finds_the_servers_while_they_run(used):
    assert recorded_urls(used) is None
    assert recorded_settings(used) == {}
    with holding(used) as (launcher, database_url, redis_url):
        assert recorded_urls(used) == Urls(database_url, redis_url)
        launcher.kill()
        launcher.wait()
        assert (used / RECORD).exists()
        assert recorded_urls(used) is None


def test_a_second_launcher_on_the_same_data_is_told_so(used):
    with holding(used) as (launcher, *_):
        with pytest.raises(CannotStart, match=f"already runs on .*process {launcher.pid}"):
            servers(used).__enter__()
        assert recorded_urls(used) is not None


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="the kernel's part of it is Linux only")
def test_its_servers_end_with_a_launcher_that_is_killed(used):
    with holding(used) as (launcher, *_):
        running = servers_on(used)
        launcher.kill()
        _gone, alive = psutil.wait_procs(running, timeout=300)
        assert running
        assert alive == []


def test_it_ends_a_server_that_outlived_its_launcher(used):
    with servers(used, durable=False) as urls, psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster = used / "postgres"
    command = [postgres_server._programs() / "postgres", "-D", cluster, "-p", "0"]
    orphan = start_orphan(command, cluster)
    try:
        with servers(used, durable=False) as urls:
            assert orphan.wait(300) is not None
            assert ask(urls, "SELECT answer FROM kept") == [(42,)]
    finally:
        orphan.kill()


def start_orphan(command: list, directory: Path) -> subprocess.Popen[bytes]:
    """A server on `directory`, ready to use, that no launcher will end."""
    command[-1] = str(free_port())
    orphan = subprocess.Popen(
        setpriv.wrapped(command, directory=directory, account=setpriv.server_account(directory)),
        cwd=directory,
        env=processes.server_environment(),
        stderr=subprocess.DEVNULL,
    )
    assert processes.wait_until((directory / "postmaster.pid").exists, orphan, 60)
    return orphan


def test_a_process_number_left_in_a_lock_file_does_not_stop_it(used):
    with servers(used, durable=False):
        pass
    (used / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n")
    with servers(used, durable=False) as urls:
        assert ask(urls, "SELECT 1") == [(1,)]


def test_a_first_start_that_was_cut_short_is_done_again(tmp_path):
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with servers(tmp_path, durable=False) as urls:
        assert ask(urls, "SELECT 1") == [(1,)]
    assert not (tmp_path / "postgres.new").exists()


def test_it_says_so_when_another_version_made_the_data(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL 15, this is 18\. Move it away"):
        servers(tmp_path).__enter__()


def test_it_says_so_when_the_data_directory_is_a_file(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(CannotStart, match="cannot be made a directory"):
        servers(tmp_path / "data").__enter__()


def test_it_says_so_when_the_data_directory_is_read_only(tmp_path):
    tmp_path.chmod(0o555)
    code = (
        "import sys; from pathlib import Path; from callbacks.localrun.servers import servers\n"
        "from callbacks.localrun.errors import CannotStart\n"
        "try: servers(Path(sys.argv[1])).__enter__()\n"
        "except CannotStart as problem: print(problem)"
    )
    done = as_an_ordinary_user(code, tmp_path / "data")
    assert "cannot be written. Give this user the right to" in done.stdout
    assert "DATA_DIR=" in done.stdout


def test_a_command_gets_servers_of_its_own_and_its_exit_code_is_kept():
    script = 'case "$DATABASE_URL$REDIS_URL" in postgres://*redis://*) exit 7;; esac'
    assert main(["sh", "-c", script]) == 7


def test_a_server_deaf_to_its_signal_is_killed(tmp_path):
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' INT; echo ready; while :; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    processes.stop(deaf, signal.SIGINT, patience=0.2)
    assert deaf.returncode == -signal.SIGKILL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's directories are closed to others")
def test_a_server_reaches_its_programs_below_a_directory_that_only_root_may_enter(tmp_path):
    tmp_path.chmod(0o700)
    program = tmp_path / "program"
    program.write_text("")
    program.chmod(0o755)
    code = "import os, sys; print(os.geteuid() != 0 and os.access(sys.argv[1], os.R_OK | os.X_OK))"
    assert as_an_ordinary_user(code, program).stdout == "True\n"
