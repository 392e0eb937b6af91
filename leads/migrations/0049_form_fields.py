import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


TRIGGERS = """
    CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_formfield
        FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
    CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_formfieldtext
        FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
"""
BACK = """
    DROP TRIGGER setup_changed ON leads_formfield;
    DROP TRIGGER setup_changed ON leads_formfieldtext;
"""


class Migration(migrations.Migration):
    """Which fields the form of a source has, and what was filled into those of its own."""

    dependencies = [
        ('leads', '0048_source_texts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Answers',
            fields=[
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='answers', serialize=False, to='leads.lead', verbose_name='lead')),
                ('given', models.JSONField(default=list, verbose_name='answers')),
            ],
            options={
                'verbose_name': 'answers',
                'verbose_name_plural': 'answers',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FormField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('name', 'Name'), ('phone', 'Phone'), ('email', 'E-mail'), ('call_at', 'Time of the call'), ('language', 'Language'), ('message', 'Message'), ('text', 'Own: a line of text'), ('choice', 'Own: a choice'), ('box', 'Own: a check box')], default='text', max_length=8, verbose_name='field')),
                ('place', models.PositiveSmallIntegerField(default=100, help_text='The smallest stands first.', verbose_name='place')),
                ('need', models.CharField(choices=[('hidden', 'not shown'), ('optional', 'optional'), ('mandatory', 'mandatory')], default='optional', max_length=9, verbose_name='filling it in')),
                ('label', models.CharField(blank=True, help_text="Of an own field, in the source's language.", max_length=120, verbose_name='label')),
                ('choices', models.TextField(blank=True, help_text='Of an own choice: one on each line.', verbose_name='choices')),
                ('key', models.CharField(blank=True, help_text='Of an own field, in the API and in files. Empty: it is given one.', max_length=30, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*$', 'Use small Latin letters, digits and _, beginning with a letter.')], verbose_name='name for programs')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='form_fields', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'field of the form',
                'verbose_name_plural': 'fields of the form',
                'ordering': ['source', 'place', 'pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FormFieldText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(help_text='For example: en, he, ru.', max_length=8, verbose_name='language')),
                ('label', models.CharField(max_length=120, verbose_name='label')),
                ('choices', models.TextField(blank=True, help_text='In the same order: one on each line.', verbose_name='choices')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='form_field_texts', to='leads.leadsource', verbose_name='source')),
                ('field', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='leads.formfield', verbose_name='field')),
            ],
            options={
                'verbose_name': 'words of a field in another language',
                'verbose_name_plural': 'words of the fields in other languages',
                'ordering': ['field', 'language'],
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='formfield',
            constraint=models.UniqueConstraint(fields=('source', 'key'), name='form_field_once'),
        ),
        migrations.AddConstraint(
            model_name='formfield',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'phone'), _negated=True), ('need', 'mandatory'), _connector='OR'), name='form_field_phone_is_there', violation_error_message='Without a phone number nobody can be called.'),
        ),
        migrations.AddConstraint(
            model_name='formfieldtext',
            constraint=models.UniqueConstraint(fields=('field', 'language'), name='form_field_text_once'),
        ),
        migrations.RunSQL(TRIGGERS, BACK),
    ]
