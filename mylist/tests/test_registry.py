"""Offering kinds of content."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks

from mylist.models import MyListItem
from mylist.registry import KINDS, MODELS, UnknownKind, kind_named, kind_of, register
from mylist.tests.lists import put
from mylist.tests.standin.listables import CARDS, FilmSerializer
from mylist.tests.standin.models import Film, Studio


def test_kinds_are_found_by_name_and_by_content_type(film):
    kind = kind_named("film")
    assert (kind.name, kind.model, list(kind.queryset())) == ("film", Film, [film])
    assert kind_of(kind.content_type.pk) is kind


@pytest.mark.parametrize("name", ["song", "Film", "", "film "])
def test_an_unknown_kind_is_told_by_its_name(name):
    with pytest.raises(UnknownKind, match=repr(name)) as caught:
        kind_named(name)
    assert caught.value.name == name


@pytest.mark.parametrize(("name", "model"), [("film", Studio), ("picture", Film), ("film", Film)])
def test_a_name_or_a_model_is_offered_once(name, model):
    before = len(KINDS), len(MODELS)
    with pytest.raises(ValueError, match="registered already"):
        register(name, FilmSerializer, model.objects.all, cards=CARDS, shows=())
    assert (len(KINDS), len(MODELS)) == before


@pytest.mark.parametrize("name", ["tv-show", "Film", "film2", "", "x" * 41])
def test_a_name_that_no_path_can_carry_is_refused(name):
    with pytest.raises(ValueError, match="stands in paths"):
        register(name, FilmSerializer, Studio.objects.all, cards=CARDS, shows=())
    assert name not in KINDS


def test_a_project_with_nothing_to_list_is_told_what_to_do(monkeypatch):
    assert "mylist.E001" not in [message.id for message in run_checks()]
    for name in list(KINDS):
        monkeypatch.delitem(KINDS, name)
    [error] = [message for message in run_checks() if message.id == "mylist.E001"]
    assert "listables.py" in error.hint


def test_an_item_of_a_kind_that_is_no_longer_registered_is_not_shown(as_ann, ann, film):
    put(ann, film)
    stranger = ContentType.objects.get_for_model(Permission)
    pk = Permission.objects.values_list("pk", flat=True).first()
    item = MyListItem.objects.create(user=ann, content_type=stranger, content_id=pk)
    listed = as_ann.get("/api/v1/mylist/")
    assert [each["content_id"] for each in listed.json()["results"]] == [film.pk]
    assert as_ann.get(f"/api/v1/mylist/{item.pk}/").status_code == 404
    assert as_ann.delete(f"/api/v1/mylist/{item.pk}/").status_code == 204
