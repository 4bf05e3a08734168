"""How many items of each kind a list has.

mylist.triggers counts what is there, in the transaction in which the triggers begin to keep it:
after migrations, and not here, where the old ones still count without.
"""
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('mylist', '0003_newest_of_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='KindCount',
            fields=[
                ('pk', models.CompositePrimaryKey('user_id', 'content_type_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('content_type', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contenttypes.contenttype')),
                ('count', models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
