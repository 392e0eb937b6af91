"""The parameters of calls: edited per source and per extension, and which value applies."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from callbacks.admin import effective_parameters
from callbacks.calling import dial
from callbacks.models import CallAttempt, CallParameters, Extension, SourceMessages
from callbacks.models.parameters import PARAMETERS
from callbacks.routing import config
from leads.models import Lead, LeadSource
from tests.support.admin_posting import confirm, rows
from tests.support.admin_setup import a_source, an_extension
from tests.support.simulator import SimulatorProcess

_FLAGS = (
    "record", "phone_auto_answer", "target_auto_answer", "check_phone_device_state",
    "check_target_device_state",
)  # fmt: skip
# A browser posts every field, also those that nobody touched.
NOTHING = dict.fromkeys((*PARAMETERS, "variables"), "") | dict.fromkeys(_FLAGS, "unknown")


def page_of(owner: LeadSource | Extension) -> str:
    return f"/admin/{owner._meta.app_label}/{owner._meta.model_name}/{owner.pk}/change/"


def fields_of(owner: LeadSource | Extension) -> dict[str, Any]:
    if isinstance(owner, Extension):
        return an_extension(owner.team, number=owner.number, kind=owner.kind, name=owner.name)
    return a_source(name=owner.name, slug=owner.slug, allowed_countries="IL", sla_target=60)


def save(client: Client, owner: LeadSource | Extension, **values: Any) -> Any:
    """Posts the page with these parameters, as a browser would."""
    name = "extension" if isinstance(owner, Extension) else "source"
    row = CallParameters.objects.filter(**{name: owner}).first()
    form = {**NOTHING, **values, **({"id": row.pk} if row else {})}
    data = {**fields_of(owner), **rows("call_parameters", form, there=int(row is not None))}
    return client.post(page_of(owner), data)


def table(client: Client, address: str) -> dict[str, tuple[str, str]]:
    """{parameter: (value, said by)} as the page shows it."""
    page = client.get(address).content.decode().partition('class="holds"')[2]
    found = re.findall(
        r'<th scope="row">(.*?)</th>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>', page, re.DOTALL
    )
    return {
        name: (re.sub(r"<[^>]+>", "", value).strip(), origin.replace("&#x27;", "'"))
        for name, value, origin in found
    }


@pytest.fixture(params=["source", "extension"])
def owner(
    request: pytest.FixtureRequest, source: LeadSource, extension: Extension
) -> LeadSource | Extension:
    return source if request.param == "source" else extension


def test_parameters_are_edited_on_the_page_of_their_owner(
    superuser: Client, owner: LeadSource | Extension
) -> None:
    wanted = {
        "record": "true", "target_auto_answer": "false", "target_caller_id": "972505550142",
        "target_caller_name": "Sales", "max_duration": "900", "language": "he",
        "variables": "campaign = spring\n\nshop=3",
    }  # fmt: skip
    assert save(superuser, owner, **wanted).status_code == 302
    assert CallParameters.objects.get().values() == {
        "record": True, "target_auto_answer": False, "target_caller_id": "972505550142",
        "target_caller_name": "Sales", "max_duration": 900, "language": "he",
        "variables": {"campaign": "spring", "shop": "3"},
    }  # fmt: skip
    page = superuser.get(page_of(owner)).content.decode()
    assert "campaign = spring\nshop = 3" in page
    assert "call parameters" in LogEntry.objects.latest("pk").get_change_message().lower()

    assert save(superuser, owner).status_code == 302
    assert CallParameters.objects.get().values() == {}


def test_nothing_is_stored_for_an_owner_that_says_nothing(
    superuser: Client, owner: LeadSource | Extension
) -> None:
    assert save(superuser, owner).status_code == 302
    assert not CallParameters.objects.exists()


def test_yes_no_and_as_before_are_three_answers(
    superuser: Client, owner: LeadSource | Extension
) -> None:
    for answer, stored in (("true", True), ("false", False), ("unknown", None)):
        save(superuser, owner, record=answer, language="en")
        assert CallParameters.objects.get().record is stored
    assert superuser.get(page_of(owner)).content.decode().count(">not set<") >= 5


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("max_duration", "0", "must be whole seconds, 1 to 86400"),
        ("max_duration", "-5", "greater than or equal to 0"),
        ("max_duration", "99999999999", "less than or equal to"),
        ("max_duration", "soon", "Enter a whole number"),
        ("target_caller_id", "050 555", "without spaces"),
        ("phone_caller_name", "x" * 101, "at most 100 characters"),
        ("language", "Hebrew", "language code"),
        ("vm_id", "a b", "letters, digits"),
        ("variables", "campaign", "Line 1: write it like campaign = spring"),
        ("variables", "a = 1\na = 2", "Line 2: a appears twice"),
        ("variables", "lead = 1", "is used by the system"),
        ("variables", "Campaign = 1", "lower-case"),
        ("variables", "a =", "must be text that is not empty"),
        ("variables", "\n".join(f"a{i} = 1" for i in range(9)), "Enter at most 8"),
        ("variables", "a = x\x00y", "control characters"),
    ],
)
def test_an_error_stands_beside_its_field_and_what_was_typed_stays(
    field: str, value: str, words: str, superuser: Client, extension: Extension
) -> None:
    answer = save(superuser, extension, **{field: value})
    assert answer.status_code == 200
    [formset] = answer.context["inline_admin_formsets"]
    [form] = formset.formset.forms
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert not CallParameters.objects.exists()
    if "\x00" not in value:
        assert value.splitlines()[0] in answer.content.decode()


def test_several_errors_are_told_at_once(superuser: Client, extension: Extension) -> None:
    answer = save(superuser, extension, max_duration="0", language="?", variables="lead = 1")
    [form] = answer.context["inline_admin_formsets"][0].formset.forms
    assert set(form.errors) >= {"variables"}
    answer = save(superuser, extension, max_duration="0", language="?")
    [form] = answer.context["inline_admin_formsets"][0].formset.forms
    assert set(form.errors) == {"max_duration", "language"}


def test_what_holds_names_every_parameter_its_value_with_its_unit_and_who_says_so(
    managing: Client, source: LeadSource, extension: Extension, settings: Any
) -> None:
    settings.VOICENTER_MAX_DURATION = 7200
    CallParameters.objects.create(source=source, record=True, language="he", max_duration=900)
    CallParameters.objects.create(extension=extension, record=False, variables={"desk": "7"})
    holds = table(managing, page_of(extension))
    assert holds["Record the call"] == ("no", "extension")
    assert holds["Language of prompts"] == ("he", "source")
    assert holds["Longest call"] == ("900 s (15 min)", "source")
    assert holds["Longest ringing, salesperson"] == ("30 s", "settings")
    assert holds["Salesperson&#x27;s phone answers automatically"] == ("no", "provider's default")
    assert holds["Voicemail code"] == ("—", "provider's default")
    assert holds["Custom variables"] == ("desk = 7", "extension")
    assert len(holds) == 16

    of_source = table(managing, page_of(source))
    assert of_source["Record the call"] == ("yes", "source")
    assert of_source["Longest call"] == ("900 s (15 min)", "source")
    page = managing.get(page_of(source)).content.decode()
    assert "Extensions with other values" in page
    assert page_of(extension) in page


def test_an_extension_of_several_sources_shows_what_holds_for_each(
    managing: Client, source: LeadSource, extension: Extension
) -> None:
    landing = LeadSource.objects.create(slug="landing", name="Landing <b>page</b>")
    extension.team.sources.add(landing)
    CallParameters.objects.create(source=source, language="he")
    CallParameters.objects.create(source=landing, language="ru")
    for chosen, language in ((source, "he"), (landing, "ru")):
        address = f"{page_of(extension)}?source={chosen.pk}"
        assert table(managing, address)["Language of prompts"] == (language, "source")
        link = f'href="?source={chosen.pk}#holds-heading"'
        assert link in managing.get(page_of(extension)).content.decode()
    for nonsense in ("x", "", "999999999999999999999", "%00"):
        address = f"{page_of(extension)}?source={nonsense}"
        assert table(managing, address)["Language of prompts"] == ("ru", "source")


def test_an_extension_whose_team_answers_nothing_shows_what_holds_all_the_same(
    managing: Client, extension: Extension
) -> None:
    extension.team.sources.clear()
    assert "Its team answers no source." in managing.get(page_of(extension)).content.decode()
    assert table(managing, page_of(extension))["Record the call"] == ("no", "settings")


def test_more_sources_and_extensions_cost_no_more_queries_to_show_what_holds(
    source: LeadSource, extension: Extension, django_assert_num_queries: Any
) -> None:
    def grow(count: int) -> None:
        for _ in range(count):
            name = f"s{LeadSource.objects.count()}"
            extension.team.sources.add(LeadSource.objects.create(slug=name, name=name))
            other = Extension.objects.create(
                number=f"9{Extension.objects.count()}", team=extension.team
            )
            CallParameters.objects.create(extension=other, record=True)

    for _ in range(2):
        grow(3)
        config.current()  # what has just been changed is read once, whoever comes first
        with django_assert_num_queries(2):
            effective_parameters.for_extension(extension, "")
        with django_assert_num_queries(2):
            effective_parameters.for_source(source)


@pytest.mark.django_db(transaction=True)
def test_what_a_manager_enters_is_how_the_next_call_is_made(
    superuser: Client, extension: Extension, source: LeadSource,
    make_lead: Callable[..., Lead], simulator: SimulatorProcess,
) -> None:  # fmt: skip
    save(superuser, source, record="true", language="he", variables="campaign = spring")
    save(superuser, extension, record="false", max_duration="600")
    lead = make_lead()
    address = f"/admin/leads/lead/{lead.pk}/call-with/"
    confirm(superuser, address, extension=extension.pk)
    dial.dial_committed(CallAttempt.objects.get().pk)
    [entry] = simulator.ledger()
    assert (entry["record"], entry["maxduration"], entry["language"], entry["var_campaign"]) == (
        "false", "600", "he", "spring",
    )  # fmt: skip


# --- permissions ----------------------------------------------------------------------------------


def test_who_may_not_see_parameters_sees_neither_form_nor_table(
    staff_with: Callable[..., Client], owner: LeadSource | Extension
) -> None:
    app, model = owner._meta.app_label, owner._meta.model_name
    client = staff_with(f"{app}.view_{model}", f"{app}.change_{model}")
    page = client.get(page_of(owner)).content.decode()
    assert "call_parameters-0" not in page
    assert "Parameters of calls" not in page
    save(client, owner, record="true")
    assert not CallParameters.objects.exists()


def test_who_may_only_look_changes_nothing(
    staff_with: Callable[..., Client], extension: Extension
) -> None:
    CallParameters.objects.create(extension=extension, language="he")
    client = staff_with(
        "callbacks.view_extension", "callbacks.change_extension", "callbacks.view_callparameters"
    )
    assert "Parameters of calls" in client.get(page_of(extension)).content.decode()
    save(client, extension, language="ru")
    assert CallParameters.objects.get().language == "he"


# --- messages of a source -------------------------------------------------------------------------


def test_the_messages_of_a_source_are_edited_with_it(superuser: Client, source: LeadSource) -> None:
    form = {"when_closed": "we-are-closed", "when_given_up": ""}
    data = {**fields_of(source), **rows("call_parameters")}
    assert superuser.post(
        page_of(source), {**data, **rows("recorded_messages", form)}
    ).status_code == 302  # fmt: skip
    messages = SourceMessages.objects.get()
    assert (messages.source, messages.when_closed, messages.when_given_up) == (
        source, "we-are-closed", "",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["welcome.wav", "folder/welcome", "a\\b"])
def test_what_is_no_name_of_a_record_is_refused_beside_its_field(
    name: str, superuser: Client, source: LeadSource
) -> None:
    form = {"when_closed": name, "when_given_up": ""}
    data = {**fields_of(source), **rows("call_parameters"), **rows("recorded_messages", form)}
    answer = superuser.post(page_of(source), data)
    assert "It must be the name of a record, without folder and extension." in (
        answer.content.decode()
    )
    assert not SourceMessages.objects.exists()
