from django.db import migrations, models

# One number of each range of some ten thousand lines stands for the country of all of them.
_HEADS = """
    SELECT min(phone), min(submitted_at) FROM leads_lead GROUP BY left(phone, 8)
"""


def note_those_that_are_there(apps, schema_editor):
    from leads import phones

    seen = {}
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_HEADS)
        for phone, at in cursor.fetchall():
            country = phones.country(phone)
            if country:
                seen[country] = min(at, seen.get(country, at))
    SeenCountry = apps.get_model("callbacks", "SeenCountry")
    SeenCountry.objects.bulk_create(
        SeenCountry(country=country, first_seen_at=at) for country, at in seen.items()
    )


class Migration(migrations.Migration):

    dependencies = [
        ("callbacks", "0046_audit"),
        ("leads", "0034_block_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenCountry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(max_length=2, unique=True, verbose_name="country")),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen at")),
                ("lead", models.BigIntegerField(null=True, verbose_name="lead")),
            ],
            options={
                "verbose_name": "country that was called",
                "verbose_name_plural": "countries that were called",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(note_those_that_are_there, migrations.RunPython.noop),
    ]
