import ssl
import subprocess
from pathlib import Path

import pytest

from callbacks.voicenter import Call, Client
from tests.support.programs import program

from .server import Provider

FIXTURES = Path(__file__).parents[1] / "fixtures" / "voicenter"


@pytest.fixture
def provider():
    with Provider() as server:
        yield server


@pytest.fixture
def client(provider):
    client = Client(url=provider.url, code="canary-7f3a9", connect_timeout=20, read_timeout=20)
    yield client
    client.close()


@pytest.fixture
def call():
    return Call(phone="101", target="972505550101")


@pytest.fixture
def recorded():
    """Reads a message in the provider's format (all values are invented)."""
    return lambda name: (FIXTURES / name).read_bytes()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, made for this run."""
    folder = tmp_path_factory.mktemp("tls")
    command = [
        program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls_provider(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Provider(tls=context) as server:
        yield server
