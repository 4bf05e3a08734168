"""The group that curators are put in."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

pytestmark = pytest.mark.django_db

EXPECTED = {
    f"{action}_{model}"
    for action in ("add", "change", "delete", "view")
    for model in ("movie", "tvshow", "genre")
} | {"view_mylistitem"}


def codenames():
    permissions = Group.objects.get(name="Curators").permissions
    return set(permissions.values_list("codename", flat=True))


def test_it_is_there_with_all_of_the_catalog_and_a_look_at_lists():
    assert codenames() == EXPECTED


def test_what_staff_change_of_it_stays():
    group = Group.objects.get(name="Curators")
    group.permissions.remove(*group.permissions.filter(codename__startswith="delete"))
    group.permissions.add(Permission.objects.get(codename="view_user"))
    changed = codenames()
    call_command("migrate", verbosity=0)
    assert codenames() == changed
    assert Group.objects.count() == 1


def test_it_is_made_again_when_it_is_gone():
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert codenames() == EXPECTED
