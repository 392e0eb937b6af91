"""A manager sets up alerts, tries them, and is told by the running workers."""

from playwright.sync_api import Page, expect

from callbacks.models import Alert, AlertMessage, AlertReceiver, Extension
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.webhook_receiver import WebhookReceiver


def test_a_webhook_is_set_up_tried_and_told(
    stack: Stack, admin: Page, webhook: WebhookReceiver
) -> None:
    admin.goto(f"{stack.url}/admin/callbacks/alertreceiver/add/")
    expect(admin.locator("#id_name")).to_have_value("Alerts for admin")
    expect(admin.locator("#id_url")).to_be_hidden()
    admin.select_option("#id_channel", "webhook")
    expect(admin.locator("#id_address")).to_be_hidden()
    admin.fill("#id_url", webhook.url)
    admin.fill("#id_kind_nobody_can_be_rung", "0")
    admin.fill("#id_hours", "")
    admin.locator("[name=_save]").click()
    expect(admin.locator("h1", has_text="Show the secret?")).to_be_visible()
    admin.get_by_role("button", name="Show it").click()
    receiver = AlertReceiver.objects.get()
    expect(admin.locator("code.secret")).to_have_text(receiver.secret)
    admin.get_by_role("link", name="I have stored it").click()
    admin.get_by_role("link", name="Send a test").click()
    admin.get_by_role("button", name="Send a test").click()
    expect(admin.get_by_text("127.0.0.1 accepted the test")).to_be_visible()
    assert [it.json["test"] for it in webhook.posted] == [True]

    Extension.objects.update(is_paused=True)
    kinds = "nobody_can_be_rung"
    eventually(
        lambda: any(it["kind"] == kinds for p in webhook.posted for it in p.json["alerts"]),
        within=90,
    )
    admin.goto(f"{stack.url}/admin/callbacks/alert/")
    row = admin.locator("#result_list tbody tr", has_text="nobody can take calls for Website")
    expect(row).to_contain_text("Open")
    expect(row).to_contain_text("Alerts for admin")
    row.get_by_role("link", name="Alerts for admin").click()
    expect(admin.locator("pre.mail-text")).to_contain_text("2 phones are paused")

    Extension.objects.update(is_paused=False)
    eventually(lambda: not Alert.objects.filter(ended_at=None).exists(), within=90)
    admin.goto(f"{stack.url}/admin/callbacks/alert/?state=over")
    over = admin.locator("#result_list tbody tr", has_text="nobody could take calls for Website")
    expect(over).to_contain_text("Over")


def test_a_worker_that_is_killed_has_nothing_told_twice(
    stack: Stack, webhook: WebhookReceiver
) -> None:
    AlertReceiver.objects.create(
        name="The office", channel="webhook", url=webhook.url, least_gap=1,
        thresholds={"nobody_can_be_rung": 0}, tells_end=False,
    )  # fmt: skip
    Extension.objects.update(is_paused=True)
    eventually(lambda: len(webhook.posted) == 1, within=90)
    # A message whose answer is lost may be posted again (callbacks/alerts/webhook.py).
    eventually(AlertMessage.objects.filter(state="sent").exists)
    for name in ("worker", "beat"):
        stack.processes[name].kill()
        stack.processes[name].wait()
    stack.start_missing()
    Extension.objects.update(is_paused=False)
    eventually(lambda: not Alert.objects.filter(ended_at=None).exists(), within=90)
    assert len(webhook.posted) == 1
