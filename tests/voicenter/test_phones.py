import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from callbacks.voicenter import normalised, to_e164, to_provider


def test_the_provider_takes_numbers_without_the_plus():
    assert to_provider("+972505550101") == "972505550101"


@pytest.mark.parametrize(
    "text",
    [
        "972505550101",
        "0505550101",
        "",
        "+",
        "+0505550101",
        "+972 50",
        "+9725\n",
        "+\u0669\u0667\u0662\u0665\u0660",
    ],
)
def test_only_e164_is_made_the_providers(text):
    with pytest.raises(ValueError, match=r"E\.164") as caught:
        to_provider(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0722776772", "+972722776772"),
        ("972722776772", "+972722776772"),
        ("+972722776772", "+972722776772"),
        ("00972722776772", "+972722776772"),
        ("9720722776772", "+972722776772"),
        ("+972-(0)72-277-6772", "+972722776772"),
        (" 050-555 0101 ", "+972505550101"),
        ("03-5550101", "+97235550101"),
        ("12125550101", "+12125550101"),
        ("442079460101", "+442079460101"),
        ("0044 20 7946 0101", "+442079460101"),
        # Not full phone numbers.
        ("Anonymous", None),
        ("anonymous", None),
        ("", None),
        ("   ", None),
        ("101", None),
        ("aBcD12ef", None),
        ("12345678", None),
        ("505550101", None),
        ("*2776", None),
        ("1700555010", None),
        ("1800555010", None),
        ("05055501", None),
        ("050555010101", None),
        ("+9720", None),
        ("++972505550101", None),
        ("97250555010101010", None),
        ("\u0660\u0665\u0660\u0665\u0665\u0665\u0660\u0661\u0660\u0661", None),
        ("0505550101\x00", None),
        ("+6837012", "+6837012"),
        ("0123456", None),
        ("sip:972505550101", None),
    ],
)
def test_numbers_in_records_become_e164(text, number):
    assert to_e164(text) == number


def test_a_local_number_belongs_to_the_default_country():
    assert to_e164("020 7946 0101", default_country_code="44") == "+442079460101"


@pytest.mark.parametrize("number", ["+972505550101", "+12125550101", "+442079460101"])
def test_there_and_back_is_the_same_number(number):
    assert to_e164(to_provider(number)) == number


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("0505550101", "+972505550101"),
        ("972505550101", "+972505550101"),
        ("aBcD12ef", "aBcD12ef"),
        ("ABCD12EF", "ABCD12EF"),
        ("SIPSIP1", "SIPSIP1"),
        (" 101 ", "101"),
        ("*2776", "*2776"),
        ("1700555010", "1700555010"),
        ("Anonymous", ""),
        ("anonymous", ""),
        ("", ""),
        ("  ", ""),
    ],
)
def test_each_party_has_one_spelling_and_sip_codes_keep_theirs(text, party):
    assert normalised(text) == party


# --- every region and type that libphonenumber has an example of ----------------------------------


def examples():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                yield region, kind, example


EXAMPLES = list(examples())


def written(number, form):
    return phonenumbers.format_number(number, form)


def e164_of(number):
    return written(number, PhoneNumberFormat.E164)


def is_service_code(number):
    """Whether it is no subscriber's number: Israeli 1-700, 1-800, 1-599 and the like, and a few
    codes elsewhere.
    """
    national = str(number.national_number)
    return (
        (number.country_code == 972 and national.startswith("1"))
        or (number.country_code == 1 and len(national) != 10)
        or len(e164_of(number)) < 8
    )


def test_there_is_an_example_of_every_region():
    assert {region for region, _, _ in EXAMPLES} == set(phonenumbers.SUPPORTED_REGIONS)
    assert len(EXAMPLES) > 1200


@pytest.mark.parametrize("prefix", ["+", "00"])
def test_every_subscriber_number_comes_back_from_a_form_that_says_it_is_international(prefix):
    wrong = []
    for region, kind, number in EXAMPLES:
        e164 = e164_of(number)
        expected = None if is_service_code(number) else e164
        if to_e164(prefix + e164[1:]) != expected:
            wrong.append((region, kind, e164))
    assert wrong == []


@pytest.mark.parametrize("form", [PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966])
def test_separators_change_nothing(form):
    for region, kind, number in EXAMPLES:
        text = written(number, form).removeprefix("tel:")
        assert to_e164(text) == to_e164(e164_of(number)), (region, kind)


def test_every_number_goes_to_the_provider_and_back_unless_it_could_be_another_one():
    """Without a plus, a number below ten digits may be an extension, or have lost its zero."""
    lost = []
    for region, kind, number in EXAMPLES:
        e164 = e164_of(number)
        if len(e164) < 8:
            continue
        sent = to_provider(e164)
        assert sent == e164[1:]
        back = to_e164(sent)
        if back != e164:
            assert back is None, (region, kind, e164)
            if not is_service_code(number):
                lost.append(sent)
    assert lost
    assert max(map(len, lost)) < 10


def test_every_israeli_number_is_read_in_its_local_form():
    """With its leading zero, with and without dashes."""
    local = 0
    for _, kind, number in EXAMPLES:
        if number.country_code != 972 or is_service_code(number):
            continue
        national = written(number, PhoneNumberFormat.NATIONAL)
        assert national.startswith("0"), kind
        for text in (national, national.replace("-", ""), f"972{national}"):
            assert to_e164(text) == e164_of(number)
        local += 1
    assert local == 4
