import dataclasses
import pickle

import pytest

from callbacks.voicenter import Call, InvalidCall
from callbacks.voicenter.click2call.call import CALL_PARAMETERS

PARTIES = {"phone": "101", "target": "972505550101"}


def test_every_parameter_of_the_vendors_page_is_there_in_lower_case():
    page = """phone target record phonecallerid phonecallername targetcallerid targetcallername
        phonemaxdialtime targetmaxdialtime maxduration phoneautoanswer targetautoanswer
        checkphonedevicestate checktargetdevicestate language vm_id"""
    newer = "phonelogincode ignoredncstatus"
    assert {p.wire for p in CALL_PARAMETERS.values()} == {*page.split(), *newer.split()}


def test_the_table_and_the_dataclass_have_the_same_names():
    assert {*CALL_PARAMETERS, "variables"} == {field.name for field in dataclasses.fields(Call)}


def test_defaults_and_units_are_those_of_the_page():
    defaults = {n: (p.default, p.unit) for n, p in CALL_PARAMETERS.items() if p.default is not None}
    assert defaults == {
        "record": (False, ""),
        "phone_max_dial_time": (60, "s"),
        "target_max_dial_time": (60, "s"),
        "max_duration": (7200, "s"),
        "phone_auto_answer": (False, ""),
        "target_auto_answer": (False, ""),
    }


def test_it_sends_only_what_is_set():
    assert Call(**PARTIES).wire() == PARTIES


def test_it_writes_every_parameter_as_the_provider_reads_it():
    call = Call(
        phone="logincode",
        phone_login_code="8812",
        target="0505550101",
        record=False,
        phone_caller_id="0505550100",
        phone_caller_name="פניה חדשה",
        target_caller_id="+972505550100",
        target_caller_name="Green Garden Ltd.",
        phone_max_dial_time=20,
        target_max_dial_time=30,
        max_duration=600,
        phone_auto_answer=True,
        target_auto_answer=False,
        check_phone_device_state=True,
        check_target_device_state=False,
        language="he",
        vm_id="v1",
        ignore_dnc_status=3,
        variables={"lead": "L1", "attempt": "A1"},
    )
    assert call.wire() == {
        "phone": "logincode",
        "phonelogincode": "8812",
        "target": "0505550101",
        "record": "false",
        "phonecallerid": "0505550100",
        "phonecallername": "פניה חדשה",
        "targetcallerid": "+972505550100",
        "targetcallername": "Green Garden Ltd.",
        "phonemaxdialtime": "20",
        "targetmaxdialtime": "30",
        "maxduration": "600",
        "phoneautoanswer": "true",
        "targetautoanswer": "false",
        "checkphonedevicestate": "true",
        "checktargetdevicestate": "false",
        "language": "he",
        "vm_id": "v1",
        "ignoredncstatus": "3",
        "var_lead": "L1",
        "var_attempt": "A1",
    }


@pytest.mark.parametrize(
    "phone",
    ["101", "0505550101", "035550101", "972505550101", "12125550101", "SIPSIP", "aBcD12ef",
     "office-2.desk", "SIPTRUNK"],
)  # fmt: skip
def test_it_takes_every_kind_of_phone_and_leaves_it_untouched(phone):
    assert Call(phone=phone, target="972505550101").wire()["phone"] == phone


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("phone", ""),
        ("phone", None),
        ("phone", 101),
        ("phone", "+972505550101"),
        ("phone", "00972505550101"),
        ("phone", "050-5550101"),
        ("phone", "05055501010101"),
        ("phone", "9725055501010101"),
        ("phone", "\u0660\u0665\u0660\u0665\u0665\u0665\u0660\u0661\u0660\u0661"),
        ("phone", "101\n"),
        ("phone", "10 1"),
        ("phone", "101&action=terminate"),
        ("phone", "siptrunk"),
        ("phone", "LoginCode"),
        ("target", ""),
        ("target", None),
        ("target", "  "),
        ("target", "+972505550101"),
        ("target", "SIPTRUNK"),
        ("target", "logincode"),
        ("target", "972505550101\r\nX: y"),
        ("target", "97250555\x000101"),
        ("phone_login_code", "8812"),  # without phone=logincode
        ("phone_login_code", "88 12"),
        ("record", "true"),
        ("record", 1),
        ("phone_caller_id", "050 5550101"),
        ("phone_caller_name", ""),
        ("phone_caller_name", "Noa\x00"),
        ("target_caller_name", "Noa\nBar"),
        ("target_caller_name", "Noa\u2028Bar"),
        ("target_caller_name", "\ud800"),
        ("target_caller_name", "x" * 101),
        ("target_caller_id", "\x1b[31m"),
        ("phone_max_dial_time", 0),
        ("phone_max_dial_time", -5),
        ("phone_max_dial_time", 30.0),
        ("phone_max_dial_time", "30"),
        ("target_max_dial_time", True),
        ("max_duration", 10**9),
        ("max_duration", float("nan")),
        ("phone_auto_answer", "1"),
        ("target_auto_answer", 0),
        ("check_phone_device_state", "yes"),
        ("check_target_device_state", []),
        ("language", "Hebrew"),
        ("language", "HE"),
        ("language", "he/en"),
        ("language", "h"),
        ("language", "heb"),
        ("language", "en-US"),
        ("vm_id", "a b"),
        ("ignore_dnc_status", 0),
        ("ignore_dnc_status", 4),
        ("ignore_dnc_status", True),
        ("ignore_dnc_status", 1.0),
        ("variables", {f"v{n}": "x" for n in range(11)}),
        ("variables", {"": "x"}),
        ("variables", {"Lead": "x"}),
        ("variables", {"le ad": "x"}),
        ("variables", {"lead&code": "x"}),
        ("variables", {"var_lead": "x"}),
        ("variables", {1: "x"}),
        ("variables", {"lead": 17}),
        ("variables", {"lead": ""}),
        ("variables", {"lead": "a\tb"}),
        ("variables", {"lead": "x" * 256}),
        ("variables", None),
        ("variables", [("lead", "x")]),
    ],
)
def test_it_refuses_and_names_the_parameter_at_fault(parameter, value):
    with pytest.raises(InvalidCall) as caught:
        Call(**(PARTIES | {parameter: value}))
    assert caught.value.parameter == parameter
    assert parameter in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_login_code_phone_needs_its_login_code():
    with pytest.raises(InvalidCall) as caught:
        Call(phone="logincode", target="972505550101")
    assert caught.value.parameter == "phone_login_code"


def test_ten_variables_are_not_too_many():
    call = Call(**PARTIES, variables={f"v{n}": "x" for n in range(10)})
    assert sum(name.startswith("var_") for name in call.wire()) == 10


def test_no_error_quotes_the_value_it_refuses():
    with pytest.raises(InvalidCall) as caught:
        Call(phone="101", target="+972505550177")
    assert "5550177" not in str(caught.value) + repr(caught.value)


def test_later_changes_to_the_variables_do_not_get_past_the_check():
    variables = {"lead": "L1"}
    call = Call(**PARTIES, variables=variables)
    variables["evil"] = "\r\n"
    assert call.wire() == PARTIES | {"var_lead": "L1"}


def test_numbers_and_names_stay_out_of_the_repr():
    call = Call(**PARTIES, target_caller_name="Noa Bar", variables={"lead": "L77"})
    assert not any(text in repr(call) for text in ("972505550101", "Noa", "L77"))


def test_it_is_a_value_and_can_be_pickled():
    call = Call(**PARTIES, variables={"lead": "L1"})
    assert pickle.loads(pickle.dumps(call)) == call
    assert hash(call) == hash(dataclasses.replace(call))
    with pytest.raises(dataclasses.FrozenInstanceError):
        call.phone = "102"
