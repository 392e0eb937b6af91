"""The page with the mail that the simulator accepted: nothing in a mail can act on the page."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.support.simulator import SimulatorProcess
from tests.support.stack import free_port

HTML = '<html><head></head><body>Hi <script>alert(1)</script><a href="/x">12</a></body></html>'


@pytest.fixture(scope="module")
def simulator() -> Iterator[tuple[SimulatorProcess, int]]:
    port = free_port()
    with SimulatorProcess(arguments=["--mail-port", str(port)]) as running:
        yield running, port


def test_a_mail_is_shown_and_its_files_are_kept(simulator: tuple[SimulatorProcess, int]) -> None:
    running, port = simulator
    page = f"{running.url}/mail/"
    assert "No mail yet." in running.http.get(page).text
    message = EmailMessage()
    message["From"], message["To"] = "callbacks@example.com", "anna@example.com"
    message["Subject"] = "דוח <b>יומי</b>"
    message.set_content("12 <leads>\n.dot")
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(b"PK\x00", "application", "zip", filename='a"\u05d0.xlsx')
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.send_message(message)
    listed = running.http.get(page).text
    assert "דוח &lt;b&gt;יומי&lt;/b&gt;" in listed
    assert "anna@example.com" in listed
    shown = running.http.get(f"{page}1/")
    assert "12 &lt;leads&gt;\r\n.dot" in shown.text
    assert 'src="/mail/1/html"' in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert "<script" not in shown.text
    framed = running.http.get(f"{page}1/html")
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert '<head><base target="_blank">' in framed.text
    file = running.http.get(f"{page}1/files/0")
    assert file.content == b"PK\x00"
    assert file.headers["content-disposition"] == 'attachment; filename="a__.xlsx"'
    assert file.headers["content-type"] == "application/octet-stream"
    for path in ("2/", "2/html", "1/files/1", "2/files/0"):
        assert running.http.get(page + path).status_code == 404


def test_a_port_that_is_busy_is_named(simulator: tuple[SimulatorProcess, int]) -> None:
    _running, port = simulator
    with pytest.raises(AssertionError, match="--mail-port or SIMULATOR_MAIL_PORT"):
        SimulatorProcess(arguments=["--mail-port", str(port)]).start()
