from django.db import migrations, models


class Migration(migrations.Migration):
    """A pause that was on when a login was switched off goes on when it is on again."""

    dependencies = [("callbacks", "0031_the_owner_is_a_person")]

    operations = [
        migrations.AddField(
            model_name="extension",
            name="earlier_pause_until",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="earlier pause until"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="earlier_pause_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                editable=False,
                max_length=100,
                verbose_name="earlier pause reason",
            ),
        ),
    ]
