"""SQLite knows no ALTER COLUMN: Django builds each of these tables anew."""

from django.db import migrations, models


def longer_titles(apps, editor):
    """The stand-in content has no migrations of its own."""
    from mylist.tests.standin.models import Film

    old, new = Film._meta.get_field("title"), models.CharField(max_length=200)
    new.set_attributes_from_name("title")
    new.model = Film
    editor.alter_field(Film, old, new)


class Migration(migrations.Migration):
    dependencies = [("mylist", "0004_kind_counts")]
    operations = [
        migrations.AlterField("mylistitem", "note", models.CharField(max_length=900, blank=True)),
        migrations.AlterField("mylist", "count", models.PositiveBigIntegerField(default=0)),
        migrations.RunPython(longer_titles, migrations.RunPython.noop),
    ]
