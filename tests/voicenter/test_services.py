"""Where requests go: a code must reach only the provider, or the stand-in that was configured."""

import pytest

from callbacks.voicenter import Client, ConfigurationError, LocalRateLimiter, Services, services_at
from callbacks.voicenter.http.addresses import services_beside


def test_the_defaults_are_the_documented_addresses():
    assert vars(Services()) == {
        "click2call_url": "https://api.voicenter.co.il/ForwardDialer/click2call.aspx",
        "call_log_url": "https://api.voicenter.com/hub/cdr/",
        "active_calls_url": "https://monapisec.voicenter.co.il/comet/API/GetExtensionsCalls",
        "extensions_url": "https://monitor.voicenter.co.il/Comet/api/GetExtensions",
        "login_status_url": "https://api.voicenter.com/UserLogin/SetStatusFromAPI",
        "blacklist_url": "https://api.voicenter.com/Blacklist",
    }


@pytest.mark.parametrize("base", ["http://127.0.0.1:8010", "http://127.0.0.1:8010/"])
def test_all_services_can_be_at_one_host(base):
    found = services_at(base)
    assert found.click2call_url == "http://127.0.0.1:8010/ForwardDialer/click2call.aspx"
    assert found.call_log_url == "http://127.0.0.1:8010/hub/cdr/"
    assert found.blacklist_url == "http://127.0.0.1:8010/Blacklist"


def test_a_path_of_the_host_goes_before_the_services_own():
    assert services_at("https://gate.invalid/vc").call_log_url == "https://gate.invalid/vc/hub/cdr/"


def test_a_client_for_a_stand_in_asks_the_stand_in_for_everything():
    client = Client(url="http://127.0.0.1:8010/click2call.aspx", code="c")
    assert client.url == "http://127.0.0.1:8010/click2call.aspx"
    rest = set(vars(client.services).values()) - {client.url}
    assert all(address.startswith("http://127.0.0.1:8010/") for address in rest)


@pytest.mark.parametrize("host", ["api.voicenter.co.il", "api.voicenter.com", "API.voicenter.com."])
def test_a_client_for_the_provider_uses_the_providers_hosts(host):
    found = services_beside(f"https://{host}/forwardDialer/click2call.aspx")
    assert found.call_log_url == Services().call_log_url


@pytest.mark.parametrize("host", ["voicenter.com.evil.invalid", "evilvoicenter.com", "127.0.0.1"])
def test_a_host_with_a_similar_name_is_not_the_provider(host):
    assert host in services_beside(f"https://{host}/click2call.aspx").call_log_url


def test_addresses_can_be_given_one_by_one():
    services = Services(call_log_url="http://127.0.0.1:9/log")
    client = Client(code="c", services=services, limiter=LocalRateLimiter())
    assert client.services is services
    assert Client(url="http://127.0.0.1:8/", code="c", services=services).services == Services(
        click2call_url="http://127.0.0.1:8/", call_log_url="http://127.0.0.1:9/log"
    )


@pytest.mark.parametrize("name", list(vars(Services())))
@pytest.mark.parametrize("url", ["", "ftp://a.invalid/", "http://a.invalid/?code=canary", None])
def test_a_wrong_address_is_refused_by_name_and_not_repeated(name, url):
    with pytest.raises(ConfigurationError, match=name) as caught:
        Services(**{name: url})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("base", ["", "127.0.0.1:8010", "http://127.0.0.1:8010/?a=b"])
def test_a_wrong_base_is_refused(base):
    with pytest.raises(ConfigurationError, match="base"):
        services_at(base)
