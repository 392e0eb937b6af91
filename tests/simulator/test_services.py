"""Active calls, extensions, login status and blacklist; who may use them; faults in all of them."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.simulator import CODE, SimulatorProcess, eventually

LEAD = "0505550101"
ACTIVE = "/comet/API/GetExtensionsCalls"
EXTENSIONS = "/Comet/api/GetExtensions"
LOGIN = "/UserLogin/SetStatusFromAPI"
ADD = "/Blacklist/AddBlackList"
REMOVE = "/Blacklist/RemoveBulkFromBlacklist"
LOG = "/hub/cdr/"
ALL = {
    ACTIVE: "activecalls",
    EXTENSIONS: "extensions",
    LOGIN: "login",
    ADD: "blacklist",
    REMOVE: "blacklist",
    LOG: "calllog",
}
TEAM = {"101": "online", "SIPanna": "offline", "0505550109": "online"}


def states(sim: SimulatorProcess, **fields: Any) -> dict[str, dict[str, Any]]:
    status, answer = sim.ask(ACTIVE, **fields)
    assert (status, answer["ERR"], answer["DESC"]) == (200, 0, "OK")
    return {state["username"]: state for state in answer["EXTENSIONS"]}


class TestActiveCalls:
    def test_free_extensions_have_no_calls(self, sim: SimulatorProcess) -> None:
        sim.control(extensions=TEAM, names={"101": "Dana"}, logins={"101": 3})
        found = states(sim)
        assert list(found) == ["101", "SIPanna"]
        dana = found["101"]
        assert (dana["name"], dana["representative"]) == ("Dana", "Dana")
        assert dana["onlineUserStatus"] == 3
        assert dana["onlineUserID"] == dana["userID"] > 0
        assert dana["calls"] == []
        anna = found["SIPanna"]
        assert (anna["onlineUserStatus"], anna["onlineUserID"], anna["representative"]) == (
            2,
            0,
            "",
        )

    def test_a_call_is_on_its_extension_while_it_lasts(self, sim: SimulatorProcess) -> None:
        sim.control(mode="manual")
        call_id = sim.call(phone="101", target=LEAD, var_lead="a-1", record="1")["CALLID"]

        def now() -> dict[str, Any]:
            (call,) = states(sim)["101"]["calls"]
            assert isinstance(call, dict)
            return call

        ringing = now()
        assert (ringing["callstatus"], ringing["callAnswered"], ringing["answered"]) == (
            "Ringing",
            0,
            0,
        )
        assert (ringing["callerphone"], ringing["ivrid"]) == (LEAD, call_id)
        assert ringing["customdata"] == {"var_lead": "a-1"}
        assert ringing["recording"]
        sim.http.post(f"{sim.url}/phones/{call_id}/1/answer")
        dialing = now()
        assert dialing["callstatus"] == "Dialing"
        assert dialing["callAnswered"] >= dialing["callStarted"] == ringing["callStarted"]
        sim.http.post(f"{sim.url}/phones/{call_id}/2/answer")
        assert now()["callstatus"] == "Talking"
        sim.call(action="terminate", phone="101")
        assert states(sim) == {}

    def test_one_extension_can_be_asked_for(self, sim: SimulatorProcess) -> None:
        sim.control(extensions=TEAM)
        assert list(states(sim, extension="SIPanna")) == ["SIPanna"]
        assert states(sim, extension="sipanna") == {}
        answer = sim.http.get(sim.url + ACTIVE, params={"Code": CODE, "Extension": "101"}).json()
        assert [state["username"] for state in answer["EXTENSIONS"]] == ["101"]

    @pytest.mark.parametrize("code", ["", "wrong"])
    def test_a_wrong_code_is_an_error(self, sim: SimulatorProcess, code: str) -> None:
        sim.control(extensions=TEAM)
        assert sim.ask(ACTIVE, code=code) == (
            200,
            {"ERR": 1, "DESC": "Authorization failed.", "EXTENSIONS": []},
        )


class TestExtensions:
    def test_it_lists_the_accounts_extensions(self, sim: SimulatorProcess) -> None:
        sim.control(extensions=TEAM, names={"101": "Dana"})
        _, answer = sim.ask(EXTENSIONS, showAll=1)
        first, second = answer["EXTENSIONS"]
        assert first == {
            "SIP": "101",
            "Name": "Dana",
            "SpeedDial": "101",
            "AccountID": 1000,
            "AccountName": "Simulated account",
            "UserName": "Dana",
            "UserEmail": "101@simulator.example",
        }
        assert (second["SIP"], second["SpeedDial"]) == ("SIPanna", "")

    def test_a_wrong_code_is_a_success_with_an_empty_list(self, sim: SimulatorProcess) -> None:
        sim.control(extensions=TEAM)
        empty = {"ERR": 0, "DESC": "OK", "EXTENSIONS": []}
        assert sim.ask(EXTENSIONS, code="wrong") == (200, empty)
        assert sim.ask(EXTENSIONS, code="")[1]["ERR"] == 1


class TestLoginStatus:
    def user(self, sim: SimulatorProcess, extension: str) -> str:
        return str(states(sim)[extension]["userID"])

    def test_logging_out_takes_the_extension_offline_and_in_brings_it_back(
        self, sim: SimulatorProcess
    ) -> None:
        sim.control(extensions={"101": "online"})
        who = {"UserId": self.user(sim, "101"), "ExtensionUser": "101"}
        done = {"Status": 1, "StatusError": 1, "StatusErroMessage": "OK"}
        assert sim.ask(LOGIN, **who, Status=2) == (200, done)
        assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 3
        assert states(sim)["101"]["onlineUserStatus"] == 2
        assert sim.ask(LOGIN, **who, Status=1)[1] == done
        assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 0
        assert sim.ask(LOGIN, **who, Status="3")[1] == done
        assert states(sim)["101"]["onlineUserStatus"] == 3

    def test_a_get_does_the_same(self, sim: SimulatorProcess) -> None:
        sim.control(extensions={"101": "online"})
        query = {
            "Code": CODE,
            "UserId": self.user(sim, "101"),
            "ExtensionUser": "101",
            "Status": "9",
        }
        assert sim.http.get(sim.url + LOGIN, params=query).json()["Status"] == 1
        assert sim.status()["logins"] == {"101": 9}

    @pytest.mark.parametrize(
        ("change", "status", "error", "words"),
        [
            ({"code": "wrong"}, 2, 1, "Authorization Failed"),
            ({"UserId": "1"}, 2, 1, "No user found"),
            ({"ExtensionUser": "102"}, 3, 1, "No extension found"),
            ({"Status": 4}, 4, 1, "Status not support"),
            ({"Status": "lunch"}, 4, 1, "Status not support"),
            ({"Status": None}, 2, 6, "Missing parameters"),
            ({"UserId": ""}, 2, 6, "Missing parameters"),
        ],
    )
    def test_errors_have_their_numbers_and_change_nothing(
        self, sim: SimulatorProcess, change: dict[str, Any], status: int, error: int, words: str
    ) -> None:
        sim.control(extensions={"101": "online"})
        right = {"UserId": self.user(sim, "101"), "ExtensionUser": "101", "Status": 2}
        _, answer = sim.ask(LOGIN, **(right | change))
        assert answer == {
            "Status": status,
            "StatusError": error,
            "StatusErroMessage": words,
        }
        assert sim.status()["logins"] == {}


class TestBlacklist:
    def test_a_listed_target_is_refused_in_every_spelling(self, sim: SimulatorProcess) -> None:
        status, answer = sim.ask(ADD, Phones=[{"Phone": "972505550101", "Name": "Noa"}])
        assert (status, answer) == (
            200,
            {
                "ErrorCode": 0,
                "ErrorMessage": "OK",
                "Phones": [{"Phone": "972505550101", "ErrorCode": 0, "ErrorMessage": "OK"}],
            },
        )
        refused = sim.call(phone="101", target=LEAD)
        assert refused == {"ERRORCODE": 1, "ERRORMESSAGE": "Target is blacklisted", "CALLID": ""}
        assert sim.ledger()[0]["leg1"] is None
        assert sim.ask(REMOVE, Phones=[{"Phone": LEAD}])[1]["ErrorCode"] == 0
        assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 0

    @pytest.mark.parametrize(
        ("ignored", "phone", "target"),
        [(None, 1, 1), ("1", 0, 1), ("2", 1, 0), ("3", 0, 0)],
    )
    def test_a_request_can_ask_to_ignore_it(
        self, sim: SimulatorProcess, ignored: str | None, phone: int, target: int
    ) -> None:
        sim.control(blacklist={LEAD: "Noa"})
        extra = {"ignoredncstatus": ignored} if ignored else {}
        assert sim.call(phone=LEAD, target="102", **extra)["ERRORCODE"] == phone
        assert sim.call(phone="101", target=LEAD, **extra)["ERRORCODE"] == target

    def test_each_number_has_its_own_result(self, sim: SimulatorProcess) -> None:
        _, answer = sim.ask(ADD, Phones=["0505550101", {"phone": "soon"}, {}])
        assert answer["ErrorCode"] == 0
        assert [phone["ErrorCode"] for phone in answer["Phones"]] == [0, 1, 1]
        assert list(sim.status()["blacklist"]) == ["972505550101"]

    def test_a_get_repeats_the_phones(self, sim: SimulatorProcess) -> None:
        query = [("code", CODE), ("phones", "0505550101"), ("phones", "0505550102")]
        assert len(sim.http.get(sim.url + ADD, params=query).json()["Phones"]) == 2
        assert len(sim.status()["blacklist"]) == 2

    @pytest.mark.parametrize("path", [ADD, REMOVE])
    def test_errors_have_their_numbers(self, sim: SimulatorProcess, path: str) -> None:
        assert sim.ask(path, code="wrong", Phones=[LEAD])[1]["ErrorCode"] == 1
        assert sim.ask(path)[1]["ErrorCode"] == 2
        assert sim.ask(path, Phones=[])[1]["ErrorCode"] == 2


class TestWrongAddress:
    """Requests from outside the account's list of IP addresses."""

    def test_click2call_is_a_403_page_and_calls_nobody(self, sim: SimulatorProcess) -> None:
        sim.control(forbid=True)
        answer = sim.http.post(
            sim.click2call_url, data={"code": CODE, "phone": "101", "target": LEAD}
        )
        assert answer.status_code == 403
        assert "text/html" in answer.headers["content-type"]
        (entry,) = sim.ledger()
        assert (entry["fault"], entry["error_code"], entry["accepted"]) == (
            "forbidden",
            None,
            False,
        )
        assert entry["leg1"] is None

    @pytest.mark.parametrize("path", list(ALL))
    def test_every_service_is_403(self, sim: SimulatorProcess, path: str) -> None:
        sim.control(allowed_ips=["192.0.2.0/24", "::1"])
        assert sim.http.post(sim.url + path, json={"code": CODE}).status_code == 403
        assert sim.seen("/requests")[0]["status"] == 403

    def test_only_the_listed_addresses_are_let_in(self, sim: SimulatorProcess) -> None:
        sim.control(allowed_ips=["127.0.0.2"])
        assert sim.http.post(sim.url + ACTIVE, json={"code": CODE}).status_code == 403
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=transport) as other:
            assert other.post(sim.url + ACTIVE, json={"code": CODE}).status_code == 200
        # Control and witnesses are our own additions, so the list does not apply to them.
        assert sim.control(allowed_ips=None)["allowed_ips"] is None
        assert sim.http.post(sim.url + ACTIVE, json={"code": CODE}).status_code == 200


class TestFaults:
    def raw(self, sim: SimulatorProcess, path: str) -> http.client.HTTPResponse:
        """One request that no client repeats."""
        where = urlsplit(sim.url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
        connection.request("GET", f"{path}?code={CODE}&extension=101")
        return connection.getresponse()

    @pytest.mark.parametrize(("path", "service"), list(ALL.items()))
    def test_each_service_can_break_in_every_way(
        self, sim: SimulatorProcess, path: str, service: str
    ) -> None:
        kinds = ["html", "error_500_before", "empty", "forbidden", "truncated", "reset_before"]
        sim.control(faults=[{"kind": kind, "on": service} for kind in kinds])
        html = self.raw(sim, path)
        assert (html.status, html.read()[:9]) == (200, b"<!doctype")
        assert self.raw(sim, path).status == 500
        assert self.raw(sim, path).read() == b""
        assert self.raw(sim, path).status == 403
        with pytest.raises(http.client.IncompleteRead):
            self.raw(sim, path).read()
        with pytest.raises(ConnectionResetError):
            self.raw(sim, path)
        assert [r["fault"] for r in sim.seen("/requests")] == kinds
        # A service's faults do not affect Click2Call.
        assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 0

    def test_a_stall_never_answers(self, sim: SimulatorProcess) -> None:
        sim.control(faults=[{"kind": "stall", "on": "calllog"}])
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(sim.url + LOG, json={"code": CODE}, timeout=0.2, trust_env=False)

    @pytest.mark.parametrize(
        ("kind", "done"), [("error_500_after", True), ("error_500_before", False)]
    )
    def test_a_change_is_made_before_or_not_at_all(
        self, sim: SimulatorProcess, kind: str, done: bool
    ) -> None:
        sim.control(faults=[{"kind": kind, "on": "blacklist"}])
        answer = sim.http.post(sim.url + ADD, json={"code": CODE, "Phones": [LEAD]})
        assert answer.status_code == 500
        assert bool(sim.status()["blacklist"]) == done

    @pytest.mark.parametrize("path", list(ALL))
    def test_an_application_error_is_said_in_the_services_own_words(
        self, sim: SimulatorProcess, path: str
    ) -> None:
        sim.control(faults=[{"kind": "application_error", "on": ALL[path]}])
        _, answer = sim.ask(path)
        numbers = {answer.get(name) for name in ("ERROR_NUMBER", "ERR", "StatusError", "ErrorCode")}
        assert numbers & {2, 3, 4}

    def test_a_rate_repeats_with_its_seed(self, sim: SimulatorProcess) -> None:
        def struck(seed: int) -> list[Any]:
            fault = {"kind": "html", "on": "activecalls", "rate": 0.5}
            sim.control(reset=True, seed=seed, faults=[fault])
            for _ in range(20):
                sim.http.post(sim.url + ACTIVE, json={"code": CODE})
            return [request["fault"] for request in sim.seen("/requests")]

        assert struck(3) == struck(3)
        assert set(struck(3)) == {None, "html"}


class TestRequests:
    @pytest.mark.parametrize("path", list(ALL))
    def test_paths_are_the_same_in_any_case(self, sim: SimulatorProcess, path: str) -> None:
        for spelling in (path.upper(), path.lower(), path.rstrip("/") + "/", path.rstrip("/")):
            assert sim.http.post(sim.url + spelling, json={"code": CODE}).status_code in {200, 404}
        assert {r["service"] for r in sim.seen("/requests")} == {ALL[path]}

    @pytest.mark.parametrize("path", list(ALL))
    def test_bad_input_is_answered_with_an_error_and_changes_nothing(
        self, sim: SimulatorProcess, path: str
    ) -> None:
        before = sim.status()
        headers = {"content-type": "application/json"}
        for body in (b"", b"{", b"[]", b"\xff", b"[" * 60_000, b'{"code": {}, "search": "x"}'):
            answer = sim.http.post(sim.url + path, content=body, headers=headers)
            assert answer.status_code < 500
            assert isinstance(answer.json(), dict)
        assert sim.http.post(sim.url + path, content=b"x" * 65_537).status_code == 413
        assert sim.http.put(sim.url + path).status_code == 405
        assert sim.status() == before

    def test_they_are_kept_without_the_code(self, sim: SimulatorProcess) -> None:
        sim.ask(ACTIVE, extension="101")
        sim.ask(ACTIVE, code="a-wrong-one")
        first, second = sim.seen("/requests")
        assert first["parameters"] == {"extension": "101"}
        assert (first["service"], first["method"], first["status"]) == ("activecalls", "POST", 200)
        assert second["parameters"] == {}
        assert CODE not in sim.http.get(f"{sim.url}/requests").text
        assert sim.seen("/requests?since=1") == [second]


def test_terminate_frees_the_extension_at_once(sim: SimulatorProcess) -> None:
    sim.control(talk=3600, extensions={"101": "online"})
    sim.call(phone="101", target=LEAD)
    eventually(lambda: states(sim)["101"]["calls"][0]["callstatus"] == "Talking")
    sim.call(action="terminate", phone="101")
    assert states(sim)["101"]["calls"] == []
