"""Languages in their shortest code: "heb" is "he" from now on, so what is stored has to be too."""

from typing import Any

from django.db import migrations

from leads.languages import todays


def shorten(apps: Any, _editor: Any) -> None:
    """Extensions, sources, and leads that still wait for somebody who speaks their language."""
    extensions = apps.get_model("callbacks", "Extension").objects
    for extension in extensions.exclude(languages=[]).only("languages"):
        written = [todays(code) for code in extension.languages]
        if written != extension.languages:
            extensions.filter(pk=extension.pk).update(languages=written)
    sources, leads = (apps.get_model("leads", name).objects for name in ("LeadSource", "Lead"))
    is_open = leads.filter(status__in=("held", "waiting", "calling"))
    for rows in (sources, is_open):
        for code in set(rows.order_by().values_list("language", flat=True)):
            if code and todays(code) != code:
                rows.filter(language=code).update(language=todays(code))


class Migration(migrations.Migration):
    dependencies = [
        ("callbacks", "0061_chosen_languages"),
        ("leads", "0048_source_texts"),
    ]

    operations = [migrations.RunPython(shorten, migrations.RunPython.noop)]
