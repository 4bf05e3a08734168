"""The groups that staff are put in."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Q

CURATORS = "Curators"


def make_groups(*, using: str, **_: Any) -> None:
    """Make the curators' group if it is missing; what staff change of it later stays."""
    if Group._meta.db_table not in connections[using].introspection.table_names():
        return
    for app in ("catalog", "mylist"):
        create_permissions(apps.get_app_config(app), using=using, verbosity=0)
    group, new = Group.objects.using(using).get_or_create(name=CURATORS)
    if new:
        group.permissions.set(curators_permissions(using))


def curators_permissions(using: str) -> Any:
    """All of the catalog, and a look at who listed what."""
    catalog = Q(content_type__app_label="catalog")
    lists = Q(content_type__app_label="mylist", codename="view_mylistitem")
    return Permission.objects.using(using).filter(catalog | lists)
