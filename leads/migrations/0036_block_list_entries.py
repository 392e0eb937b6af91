from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0035_retention"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="blockentry",
            options={
                "ordering": ["-added_at", "-id"],
                "permissions": [
                    ("import_blockentry", "Can import block lists"),
                    ("export_blockentry", "Can export block lists"),
                ],
                "verbose_name": "block list entry",
                "verbose_name_plural": "block list entries",
            },
        ),
    ]
