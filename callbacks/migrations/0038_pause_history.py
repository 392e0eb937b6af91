from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent / "pause_history.sql"
BACK = """
    DROP TRIGGER pause_begun ON callbacks_extension;
    DROP TRIGGER pause_changed ON callbacks_extension;
    DROP FUNCTION callbacks_note_pause();
"""


class Migration(migrations.Migration):
    """From now on pauses are kept as they were."""

    dependencies = [
        ("callbacks", "0037_alerts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoryStart",
            fields=[
                (
                    "what",
                    models.CharField(
                        max_length=20, primary_key=True, serialize=False, verbose_name="what"
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "start of a history",
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="extension",
            name="paused_as",
            field=models.CharField(
                blank=True,
                choices=[
                    ("person", "a person"),
                    ("missed", "missed calls"),
                    ("fault", "set up wrongly"),
                    ("login", "login switched off"),
                ],
                db_default="",
                default="",
                editable=False,
                max_length=6,
                verbose_name="paused as",
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="paused_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="paused by",
            ),
        ),
        migrations.AlterField(
            model_name="exportrecord",
            name="what",
            field=models.CharField(
                choices=[
                    ("callback_times", "Callback times"),
                    ("leads", "Leads"),
                    ("people", "People"),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("own", "The salesperson"),
                            ("manager", "Somebody else"),
                            ("missed", "After missed calls"),
                            ("fault", "Set up wrongly"),
                            ("login", "Login switched off"),
                        ],
                        max_length=7,
                        verbose_name="made by",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="reason")),
                ("began_at", models.DateTimeField(verbose_name="began")),
                (
                    "until",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it ends by itself. Empty: it does not.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "extension",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pauses",
                        to="callbacks.extension",
                        verbose_name="extension",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="login",
                    ),
                ),
                (
                    "salesperson",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Whose phone it was.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="salesperson",
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "ordering": ["-began_at", "-pk"],
                "permissions": [("view_people_report", "Can see the people report")],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["extension", "began_at"], name="pause_by_extension"),
                    models.Index(fields=["ended_at"], name="pause_by_end"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("extension",),
                        name="pause_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            ("ended_at__gte", models.F("began_at")),
                            _connector="OR",
                        ),
                        name="pause_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL.read_text(), BACK),
    ]
