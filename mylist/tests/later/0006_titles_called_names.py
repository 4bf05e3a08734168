"""A shown column is renamed and its rows are changed, before the triggers know its new name. It is
called as before in the end: the stand-in content has no state of another version."""

from django.db import migrations

FILM = "standin_film"


class Migration(migrations.Migration):
    dependencies = [("mylist", "0005_longer_texts")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {FILM} RENAME COLUMN title TO name", migrations.RunSQL.noop
        ),
        migrations.RunSQL(f"UPDATE {FILM} SET name = 'Renamed'", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"ALTER TABLE {FILM} RENAME COLUMN name TO title", migrations.RunSQL.noop
        ),
    ]
