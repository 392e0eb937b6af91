"""The never-call list from a file, in a browser; and the defaults of a new source and team."""

from playwright.sync_api import Page, expect

from callbacks.models import Team
from leads import never_call
from leads.models import LeadSource, NeverCallNumber
from tests.support.looks import look
from tests.support.stack import Stack

FILE = "phone,reason\n" + "".join(
    f'050-555 01{n:02},"asked for it by mail, letter {n}"\n' for n in range(2, 12)
)


def test_a_file_is_looked_at_and_put_on_the_list(stack: Stack, admin: Page) -> None:
    never_call.add("+972505550102", "shouted.", None)
    never_call.forget("+972505550199")
    admin.goto(f"{stack.url}/admin/leads/nevercallnumber/")
    look(admin, "never-call-list")
    admin.goto(f"{stack.url}/admin/leads/nevercallnumber/import/")
    look(admin, "never-call-import")
    text = (FILE + "Dana,\n").encode()
    admin.set_input_files(
        "input[type=file]", {"name": "numbers.csv", "mimeType": "text/csv", "buffer": text}
    )
    admin.get_by_role("button", name="Check the file").click()
    expect(admin.get_by_text("9 numbers would be added to the list")).to_be_visible()
    expect(admin.get_by_text("1 is already on the list and keeps its reason")).to_be_visible()
    look(admin, "never-call-preview")
    admin.get_by_role("button", name="Add to the list").click()
    expect(admin.get_by_text("Imported: 9 new, 1 already on the list, 1 skipped.")).to_be_visible()
    assert NeverCallNumber.objects.count() == 11
    look(admin, "never-call-imported")


def test_the_pages_of_a_source_and_a_team_ask_for_calls_a_day(stack: Stack, admin: Page) -> None:
    source, team = LeadSource.objects.get(slug="website"), Team.objects.first()
    assert team
    for name, address in {
        "source": f"/admin/leads/leadsource/{source.pk}/change/",
        "team": f"/admin/callbacks/team/{team.pk}/change/",
    }.items():
        admin.goto(f"{stack.url}{address}")
        expect(admin.get_by_label("Calls a day to one number")).to_be_visible()
        look(admin, name)
