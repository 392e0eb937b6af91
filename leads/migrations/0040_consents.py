from pathlib import Path

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent / "consent_texts.sql"
BACK = """
    DROP TRIGGER setup_changed ON leads_consenttext;
    DROP TRIGGER stays ON leads_consenttext;
    DROP FUNCTION leads_consent_text_stays_v1();
"""


class Migration(migrations.Migration):
    """What visitors are asked to agree to, and who has agreed to it."""

    dependencies = [
        ("leads", "0039_calls_a_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='leadsource',
            name='demands_consent',
            field=models.BooleanField(db_default=False, default=False, help_text='A request is taken only from those who agree to the consent text. Without a text nobody is asked.', verbose_name='demands consent'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='privacy_url',
            field=models.URLField(blank=True, db_default='', help_text='The address of your privacy notice; the form links to it.', max_length=300, validators=[django.core.validators.URLValidator(['http', 'https'])], verbose_name='privacy notice'),
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('language', models.CharField(help_text='For example: en, he, ru.', max_length=8, verbose_name='language')),
                ('text', models.TextField(help_text='Shown as it stands, with its line breaks; there is no HTML. A changed text is a new version: who has agreed to the one before has agreed to that one.', validators=[django.core.validators.MaxLengthValidator(10000)], verbose_name='text')),
                ('added_at', models.DateTimeField(verbose_name='added at')),
                ('withdrawn_at', models.DateTimeField(blank=True, help_text='From then on nobody can agree to it; what was agreed before stays known.', null=True, verbose_name='withdrawn at')),
                ('added_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_texts', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
                'ordering': ['source', '-version'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agreed_at', models.DateTimeField(verbose_name='agreed at')),
                ('page', models.CharField(blank=True, max_length=300, verbose_name='on the page')),
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='consent', to='leads.lead', verbose_name='lead')),
                ('text', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='leads.consenttext', verbose_name='consent text')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['text', 'id'], name='consent_by_text'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.UniqueConstraint(fields=('source', 'version'), name='consent_text_once'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('version__gt', 0)), name='consent_text_numbered'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='consent_text_says_something'),
        ),
        migrations.RunSQL(SQL.read_text(), BACK),
    ]
