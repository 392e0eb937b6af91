import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


TRIGGER = """
    CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_logo
        FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
"""
BACK = "DROP TRIGGER setup_changed ON leads_logo;"


class Migration(migrations.Migration):
    """The pictures above the forms of sources."""

    dependencies = [
        ('leads', '0051_calling_window_help'),
    ]

    operations = [
        migrations.CreateModel(
            name='Logo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Visitors who cannot see the logo read or hear this: usually the name of the company.', max_length=80, verbose_name='what the logo says')),
                ('image', models.BinaryField(verbose_name='picture')),
                ('kind', models.CharField(editable=False, max_length=20, verbose_name='content type')),
                ('width', models.PositiveSmallIntegerField(editable=False, verbose_name='width')),
                ('height', models.PositiveSmallIntegerField(editable=False, verbose_name='height')),
                ('plate', models.CharField(blank=True, editable=False, max_length=5, verbose_name='stands on')),
                ('digest', models.CharField(db_index=True, editable=False, max_length=32, verbose_name='digest')),
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='logo', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'logo',
                'verbose_name_plural': 'logos',
                'ordering': ['source'],
                'default_permissions': (),
            },
        ),
        migrations.AlterField(
            model_name='widget',
            name='colour',
            field=models.CharField(default='#0b57c4', help_text='Of the button, of the form and of the page of a request. The text on it is black or white, whichever is easier to read.', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}$', 'A colour is written like #0b57c4.')], verbose_name='colour'),
        ),
        migrations.RunSQL(TRIGGER, BACK),
    ]
