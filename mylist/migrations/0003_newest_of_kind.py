"""An index for pages of one kind. On PostgreSQL it is built while people write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndexWhilePeopleWrite(AddIndexConcurrently):
    """On SQLite, which has no such thing, an ordinary one. One that failed before leaves an index
    that nothing uses; it makes way."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != 'postgresql':
            migrations.AddIndex.database_forwards(
                self, app_label, schema_editor, from_state, to_state
            )
            return
        schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}')
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        vendor = schema_editor.connection.vendor
        kind = AddIndexConcurrently if vendor == 'postgresql' else migrations.AddIndex
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    # PostgreSQL builds no index concurrently within a transaction.
    atomic = False

    dependencies = [
        ('mylist', '0002_tokens'),
    ]

    operations = [
        AddIndexWhilePeopleWrite(
            model_name='mylistitem',
            index=models.Index(models.F('user'), models.F('content_type'), models.OrderBy(models.F('id'), descending=True), name='mylist_newest_of_kind'),
        ),
    ]
