import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """What managers read beside the fields of a source, in better words."""

    dependencies = [
        ('leads', '0052_logos'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='formfieldtext',
            options={'default_permissions': (), 'ordering': ['field', 'language'], 'verbose_name': 'text of a field in another language', 'verbose_name_plural': 'texts of the fields in other languages'},
        ),
        migrations.AlterField(
            model_name='formfield',
            name='choices',
            field=models.TextField(blank=True, help_text='Only for your own choices; one on each line.', verbose_name='choices'),
        ),
        migrations.AlterField(
            model_name='formfield',
            name='key',
            field=models.CharField(blank=True, help_text='What the API and files call your own field. Leave this empty to have a name made from the label.', max_length=30, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*$', 'Use small Latin letters, digits and _, beginning with a letter.')], verbose_name='name for programs'),
        ),
        migrations.AlterField(
            model_name='formfield',
            name='kind',
            field=models.CharField(choices=[('name', 'Name'), ('phone', 'Phone'), ('email', 'E-mail'), ('call_at', 'Time of the call'), ('language', 'Language'), ('message', 'Message'), ('text', 'Your own field: text'), ('choice', 'Your own field: choice'), ('box', 'Your own field: check box')], default='text', max_length=8, verbose_name='field'),
        ),
        migrations.AlterField(
            model_name='formfield',
            name='label',
            field=models.CharField(blank=True, help_text="Only for your own fields; in the source's language.", max_length=120, verbose_name='label'),
        ),
        migrations.AlterField(
            model_name='formfield',
            name='need',
            field=models.CharField(choices=[('hidden', 'not shown'), ('optional', 'optional'), ('mandatory', 'required')], default='optional', max_length=9, verbose_name='required'),
        ),
        migrations.AlterField(
            model_name='formfield',
            name='place',
            field=models.PositiveSmallIntegerField(default=100, help_text='The form shows the fields in this order, lowest number first.', verbose_name='order'),
        ),
        migrations.AlterField(
            model_name='formfieldtext',
            name='choices',
            field=models.TextField(blank=True, help_text='One line for each choice: the choice as it is above, = and its words in this language. For example: Large = גדול. A choice without words is shown as it is above.', verbose_name='choices'),
        ),
        migrations.AlterField(
            model_name='leadsource',
            name='languages_offered',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, help_text='The form and the page of a request then have a list of languages. Choose only languages that your salespeople for this source speak.', size=None, verbose_name='visitors may also choose'),
        ),
        migrations.AlterField(
            model_name='sourcetext',
            name='intro',
            field=models.CharField(blank=True, help_text='Shown below the title. Leave this empty to say that someone will call back.', max_length=300, verbose_name='introduction'),
        ),
        migrations.AlterField(
            model_name='sourcetext',
            name='thanks',
            field=models.CharField(blank=True, help_text='Shown on the page of the request until we call. May be left empty.', max_length=300, verbose_name='thank-you text'),
        ),
        migrations.AlterField(
            model_name='sourcetext',
            name='title',
            field=models.CharField(blank=True, help_text='The heading of the form. Leave this empty for “Contact us”.', max_length=80, verbose_name='title'),
        ),
        migrations.AlterField(
            model_name='widget',
            name='after_seconds',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Only where the button shows after some seconds.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(600)], verbose_name='after (seconds)'),
        ),
        migrations.AlterField(
            model_name='widget',
            name='colour',
            field=models.CharField(default='#0b57c4', help_text='The colour of the button, the form and the page of a request. The text on it is black or white, whichever is easier to read.', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}$', 'A colour is written like #0b57c4.')], verbose_name='colour'),
        ),
        migrations.AlterField(
            model_name='widget',
            name='only_open',
            field=models.BooleanField(default=False, help_text="The button is hidden while nobody can be called. The website's own buttons still open the form, which says when we will call.", verbose_name='only in opening hours'),
        ),
    ]
