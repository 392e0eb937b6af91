from django.db import migrations


def _lines(text):
    return list(dict.fromkeys(it for it in (line.strip() for line in text.splitlines()) if it))


def pair(apps, schema_editor):
    """What stood in the same line becomes "Large = \u05d2\u05d3\u05d5\u05dc". Where there were more lines, or fewer, than
    choices, the form has shown none of them.
    """
    for text in apps.get_model("leads", "FormFieldText").objects.exclude(choices="").select_related("field"):
        choices = _lines(text.field.choices)
        words = [it.strip() for it in text.choices.splitlines() if it.strip()]
        fits = len(words) == len(choices)
        text.choices = "\n".join(f"{it} = {its}" for it, its in zip(choices, words)) if fits else ""
        text.save(update_fields=["choices"])


def part(apps, schema_editor):
    for text in apps.get_model("leads", "FormFieldText").objects.exclude(choices="").select_related("field"):
        known = {}
        for line in _lines(text.choices):
            for choice in sorted(_lines(text.field.choices), key=len, reverse=True):
                if line.startswith(choice) and line.removeprefix(choice).lstrip().startswith("="):
                    known[choice] = line.removeprefix(choice).partition("=")[2].strip()
                    break
        choices = _lines(text.field.choices)
        text.choices = "\n".join(known[it] for it in choices) if set(known) == set(choices) else ""
        text.save(update_fields=["choices"])


class Migration(migrations.Migration):
    """The words of a choice stand beside it: a choice that is removed shifts none of the others."""

    dependencies = [("leads", "0053_form_words")]

    operations = [migrations.RunPython(pair, part)]
