"""Where links in mail and webhooks lead."""

import pytest
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common.site_address import absolute


@pytest.mark.parametrize(
    ("site_url", "hosts", "https", "address"),
    [
        ("https://a.example.com", ["b.example.com"], False, "https://a.example.com/admin/"),
        ("http://127.0.0.1:8000/", [], True, "http://127.0.0.1:8000/admin/"),
        ("", ["b.example.com", "localhost"], True, "https://b.example.com/admin/"),
        ("", ["b.example.com"], False, "http://b.example.com/admin/"),
        ("", [".example.com"], True, "https://example.com/admin/"),
        ("", ["*", "b.example.com"], True, "https://b.example.com/admin/"),
        ("", ["*"], False, "http://localhost/admin/"),
    ],
)
def test_the_address(
    site_url: str, hosts: list[str], https: bool, address: str, settings: SettingsWrapper
) -> None:
    settings.SITE_URL, settings.ALLOWED_HOSTS, settings.HTTPS = site_url, hosts, https
    assert absolute("/admin/") == address
