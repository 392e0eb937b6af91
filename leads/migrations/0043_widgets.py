import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


TRIGGERS = """
    CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_widget
        FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
    CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_widgettext
        FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
"""
BACK = """
    DROP TRIGGER setup_changed ON leads_widget;
    DROP TRIGGER setup_changed ON leads_widgettext;
"""


class Migration(migrations.Migration):
    """How the call-back buttons of websites look, and what they say."""

    dependencies = [
        ('leads', '0042_assigned_leads'),
    ]

    operations = [
        migrations.CreateModel(
            name='Widget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('colour', models.CharField(default='#0b57c4', help_text='Of the button. Its text is black or white, whichever is easier to read.', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}$', 'A colour is written like #0b57c4.')], verbose_name='colour')),
                ('side', models.CharField(choices=[('end', 'right (in Hebrew left)'), ('start', 'left (in Hebrew right)')], default='end', max_length=5, verbose_name='side')),
                ('appears', models.CharField(choices=[('at once', 'at once'), ('later', 'after some seconds'), ('at the end', 'when the visitor has come to the end of the page'), ('never', 'never: the website has buttons of its own')], default='at once', max_length=10, verbose_name='the button shows')),
                ('after_seconds', models.PositiveSmallIntegerField(blank=True, help_text='Where it shows after some seconds.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(600)], verbose_name='after (seconds)')),
                ('only_open', models.BooleanField(default=False, help_text="While nobody can be called there is no button. Buttons of the website's own open the form at any hour, and it says when we call.", verbose_name='only in opening hours')),
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='widget', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'widget',
                'verbose_name_plural': 'widgets',
                'ordering': ['source'],
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('appears', 'later'), _negated=True), ('after_seconds__isnull', False), _connector='OR'), name='widget_later_says_when', violation_error_message='Enter after how many seconds the button shows.')],
            },
        ),
        migrations.CreateModel(
            name='WidgetText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(help_text='For example: en, he, ru.', max_length=8, verbose_name='language')),
                ('button', models.CharField(max_length=40, verbose_name='text of the button')),
                ('title', models.CharField(max_length=80, verbose_name='title of the dialog')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='widget_texts', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'text of the widget',
                'verbose_name_plural': 'texts of the widget',
                'ordering': ['source', 'language'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('source', 'language'), name='widget_text_once')],
            },
        ),
        migrations.RunSQL(TRIGGERS, BACK),
    ]
