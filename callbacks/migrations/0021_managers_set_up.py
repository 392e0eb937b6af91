"""Sales managers set up sources, teams and logins: the group that is there gets these rights.

They existed before, so nobody has taken them from the group. Where there is no group yet, it is
made after the migrations (callbacks.admin.access).
"""

from django.db import migrations

RIGHTS = [
    ("leads", "add_leadsource"), ("leads", "change_leadsource"),
    ("callbacks", "add_team"),
    ("callbacks", "add_sourcemessages"), ("callbacks", "change_sourcemessages"),
    ("auth", "view_user"), ("auth", "add_user"), ("auth", "change_user"),
]  # fmt: skip


def give(apps, _schema_editor):
    group = apps.get_model("auth", "Group").objects.filter(name="Sales managers").first()
    if group is None:
        return
    permissions = apps.get_model("auth", "Permission").objects
    for app, codename in RIGHTS:
        group.permissions.add(
            *permissions.filter(content_type__app_label=app, codename=codename)
        )


class Migration(migrations.Migration):

    dependencies = [
        ("callbacks", "0020_first_places"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
