from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Reverse, Upper

NAME = "attempt_call_id_end"


class Migration(migrations.Migration):
    """An attempt is looked up by the end of its CALLID; the index is made while calls go on."""

    atomic = False

    dependencies = [
        ("callbacks", "0028_after_talk"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                # Made anew if it was broken off.
                migrations.RunSQL(
                    [
                        f"DROP INDEX IF EXISTS {NAME}",
                        f"CREATE INDEX CONCURRENTLY {NAME} ON callbacks_callattempt"
                        " ((reverse(upper(call_id))) text_pattern_ops) WHERE NOT (call_id = '')",
                    ],
                    f"DROP INDEX IF EXISTS {NAME}",
                ),
            ],
            [
                migrations.AddIndex(
                    "callattempt",
                    models.Index(
                        OpClass(Reverse(Upper("call_id")), name="text_pattern_ops"),
                        name=NAME,
                        condition=~Q(call_id=""),
                    ),
                ),
            ],
        ),
    ]
