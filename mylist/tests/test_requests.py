"""What holds for every path of the list: slashes, HEAD, OPTIONS, ETags, who may ask."""

import pytest

from mylist.tests.lists import films, put

ROOT = "/api/v1/mylist"
PATHS = {
    "": {"GET", "POST", "DELETE"},
    "/contains": {"POST"},
    "/{item}": {"GET", "PUT", "PATCH", "DELETE"},
    "/film/{film}": {"GET", "PUT", "DELETE"},
}
BODIES = {"": {"content_type": "film"}, "/contains": {"items": []}}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CALLS = [(path, method) for path in PATHS for method in METHODS if method in PATHS[path]]
REFUSED = [(path, method) for path in PATHS for method in METHODS if method not in PATHS[path]]


@pytest.fixture
def at(ann, film):
    """Paths with what stands on ann's list filled in."""
    [item] = put(ann, film)
    return lambda path: ROOT + path.format(item=item.pk, film=film.pk)


def ask(client, method, url, path):
    body = {} if method in ("GET", "DELETE") else {"data": BODIES.get(path, {})}
    return getattr(client, method.lower())(url, **body)


@pytest.mark.parametrize(("path", "method"), CALLS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_answers_with_and_without_its_slash(as_ann, at, path, method, slash):
    answer = ask(as_ann, method, at(path) + slash, path)
    expected = {("", "POST"): 400}.get((path, method), 204 if method == "DELETE" else 200)
    assert answer.status_code == expected


def test_both_forms_answer_alike(as_ann, at):
    for path in ("/{item}", "/film/{film}"):
        assert as_ann.get(at(path)).content == as_ann.get(at(path) + "/").content


@pytest.mark.parametrize(("path", "method"), CALLS)
def test_nobody_is_answered_without_signing_in(api, at, path, method):
    refused = ask(api, method, at(path), path)
    assert (refused.status_code, refused.json()["code"]) == (401, 3001)
    assert "WWW-Authenticate" in refused


@pytest.mark.parametrize(("path", "method"), REFUSED)
def test_a_method_that_is_not_there_is_a_405_that_names_the_others(as_ann, at, path, method):
    refused = ask(as_ann, method, at(path), path)
    assert (refused.status_code, refused.json()["code"]) == (405, 9405)
    allowed = set(refused["Allow"].split(", ")) - {"HEAD", "OPTIONS"}
    assert allowed == PATHS[path]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_options_tell_the_methods(as_ann, at, path, slash):
    answer = as_ann.options(at(path) + slash)
    assert answer.status_code == 200
    assert set(answer["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == PATHS[path]


@pytest.mark.parametrize("path", ["", "/{item}", "/film/{film}"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_head_answers_as_get_without_the_body(as_ann, at, path, slash):
    url = at(path) + slash
    got, head = as_ann.get(url), as_ann.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == got["ETag"]
    assert head["Content-Length"] == str(len(got.content))


def test_head_of_what_is_not_there_is_a_404(as_ann):
    assert as_ann.head(f"{ROOT}/film/5/").status_code == 404


@pytest.mark.parametrize(("path", "method"), CALLS)
def test_an_unknown_parameter_is_a_400_everywhere(as_ann, at, path, method):
    refused = ask(as_ann, method, f"{at(path)}?nonsense=1", path)
    assert (refused.status_code, refused.json()["code"]) == (400, 9002)


# --- what the client has already ---------------------------------------------------


@pytest.mark.parametrize("path", ["", "/{item}", "/film/{film}"])
def test_what_has_not_changed_is_a_304(as_ann, at, path):
    url = at(path)
    first = as_ann.get(url)
    second = as_ann.get(url, headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert second["ETag"] == first["ETag"]


@pytest.mark.parametrize("path", ["", "/{item}", "/film/{film}"])
def test_an_etag_changes_with_the_note_and_with_the_title(as_ann, at, film, path):
    def etag():
        return as_ann.get(at(path))["ETag"]

    seen = [etag()]
    as_ann.patch(at("/{item}"), {"note": "x"})
    seen.append(etag())
    type(film).objects.update(title="Another name")
    seen.append(etag())
    assert len(set(seen)) == 3


def test_the_etag_of_a_page_changes_with_what_is_on_other_pages(as_ann, ann, at):
    put(ann, *films(2))
    url = f"{ROOT}/?page_size=1"
    before = as_ann.get(url)["ETag"]
    as_ann.delete(at("/{item}"))
    assert as_ann.get(url)["ETag"] != before  # the count
