"""A token for each list and one for their content: what cached pages are valid under.

On PostgreSQL the new column rewrites mylist_mylist, since each row gets a value of its own; a row is
some 50 bytes, so a million people take about two seconds, during which writes to lists wait.
"""
import mylist.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mylist', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='mylist',
            name='token',
            field=models.UUIDField(db_default=mylist.models.NewToken(), editable=False),
        ),
        migrations.CreateModel(
            name='ContentToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(db_default=mylist.models.NewToken(), editable=False)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='mylist_one_content_token')],
            },
        ),
    ]
