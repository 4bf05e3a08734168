"""The OpenAPI document, and the pages that show it."""

import json
import re
from datetime import date

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator

from api.problems import CODES
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory

VERBS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """Made once; a warning is an error, and so is what OpenAPI 3.1 does not allow."""
    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))
    return yaml.safe_load(file.read_text())


@pytest.fixture(scope="module")
def operations(document):
    return [
        (path, verb, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if verb in VERBS
    ]


def resolve(document, schema):
    """What a `$ref` names."""
    while "$ref" in schema:
        found = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def valid(document, schema, value):
    root = {"$defs": document["components"]["schemas"], **schema}
    text = json.dumps(root).replace("#/components/schemas/", "#/$defs/")
    return list(Draft202012Validator(json.loads(text)).iter_errors(value))


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "My List"


def test_every_operation_says_what_it_is(operations):
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names)) > 40
    for path, verb, operation in operations:
        assert operation["summary"].strip(), (path, verb)
        assert not operation["summary"].endswith("."), (path, verb)
        assert len(operation["tags"]) == 1, (path, verb)
        assert operation["security"] in ([{"bearer": []}], [{"bearer": []}, {}]), (path, verb)


def test_every_tag_is_explained_and_used(document, operations):
    told = {tag["name"] for tag in document["tags"]}
    assert told == {operation["tags"][0] for _, _, operation in operations}


def test_every_path_parameter_is_described(operations):
    for path, verb, operation in operations:
        given = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert set(given) == set(re.findall(r"{(\w+)}", path)), (path, verb)
        assert all(parameter["description"] for parameter in given.values())


def test_every_operation_says_what_it_answers(operations):
    for path, verb, operation in operations:
        good = {s: r for s, r in operation["responses"].items() if s.startswith("2")}
        assert good, (path, verb)
        assert all("content" in r or status == "204" for status, r in good.items()), (path, verb)


def test_every_refusal_is_a_problem(operations):
    for path, verb, operation in operations:
        bad = {s: r for s, r in operation["responses"].items() if not s.startswith("2")}
        assert {"400", "401", "503"} <= set(bad), (path, verb)
        for response in bad.values():
            assert set(response["content"]) == {"application/problem+json"}
            (shape,) = response["content"].values()
            assert shape["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_what_takes_a_body_says_so(operations):
    without = {"auth_revoke"}
    for path, verb, operation in operations:
        if verb in ("post", "put", "patch"):
            assert set(operation["requestBody"]["content"]) == {"application/json"}, (path, verb)
            assert {"411", "413", "415"} <= set(operation["responses"]), (path, verb)
        elif operation["operationId"] not in without:
            assert "requestBody" not in operation, (path, verb)


def test_a_real_problem_is_the_problem_that_is_described(document, api):
    problem = document["components"]["schemas"]["Problem"]
    assert problem["properties"]["code"]["enum"] == sorted(CODES)
    for response in (
        api.get("/nowhere"),
        api.get("/api/v1/movies/?x=1"),
        api.post("/api/v1/users/"),
    ):
        assert valid(document, problem, response.json()) == []


def test_examples_are_there_and_are_what_is_described(document, operations):
    checked = 0
    for path, verb, operation in operations:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in [m for body in bodies for m in body.get("content", {}).values()]:
            for example in media.get("examples", {}).values():
                assert valid(document, media["schema"], example["value"]) == [], (path, verb)
                checked += 1
    assert checked >= 10


def test_an_item_of_the_list_is_told_apart_by_its_content_type(document):
    item = document["components"]["schemas"]["MyListItem"]
    assert item["discriminator"]["propertyName"] == "content_type"
    mapping = item["discriminator"]["mapping"]
    assert set(mapping) == {"movie", "tvshow"}
    assert [one["$ref"] for one in item["oneOf"]] == list(mapping.values())
    for kind, reference in mapping.items():
        shape = resolve(document, {"$ref": reference})
        assert "content_type" in shape["required"]
        content_type = resolve(document, shape["properties"]["content_type"])
        content_type = resolve(document, *content_type.get("allOf", [content_type]))
        assert content_type.get("enum", [content_type.get("const")]) == [kind]


@pytest.mark.django_db
def test_real_answers_are_what_is_described(document, as_ann, as_admin):
    """One of each kind; titles with all that they can have."""
    movie = MovieFactory(release_date=date(1999, 3, 30), rating=8.5, genres=[GenreFactory()])
    show = TVShowFactory(creators=["Somebody"], seasons=3)
    for kind, title in (("movie", movie), ("tvshow", show)):
        as_ann.put(f"/api/v1/mylist/{kind}/{title.pk}/", {"note": "Soon."})
    calls = [
        (as_ann, "/movies/", "/movies/"),
        (as_ann, "/tv-shows/", "/tv-shows/"),
        (as_ann, "/movies/{id}/", f"/movies/{movie.pk}/"),
        (as_ann, "/tv-shows/{id}/", f"/tv-shows/{show.pk}/"),
        (as_ann, "/genres/", "/genres/"),
        (as_ann, "/mylist/", "/mylist/"),
        (as_ann, "/mylist/{content_type}/{content_id}/", f"/mylist/movie/{movie.pk}/"),
        (as_ann, "/users/{id}/", "/users/me/"),
        (as_ann, "/users/{id}/sign-ins/", "/users/me/sign-ins/"),
        (as_admin, "/users/", "/users/"),
        (as_admin, "/movies/{id}/listed-by/", f"/movies/{movie.pk}/listed-by/"),
    ]
    for client, path, asked in calls:
        media = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
        answer = client.get(f"/api/v1{asked}").json()
        assert valid(document, media["application/json"]["schema"], answer) == [], path


# --- the pages -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _static_files_are_served_uncollected(settings):
    """As with debugging on; what a deployment collects is not there in a checkout."""
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True


def test_the_document_comes_as_json_and_as_yaml(client, document):
    for query, read in (
        ("", json.loads),
        ("?format=json", json.loads),
        ("?format=yaml", yaml.safe_load),
    ):
        response = client.get(f"/api/schema/{query}")
        assert response.status_code == 200
        assert read(response.content)["paths"].keys() == document["paths"].keys()


@pytest.mark.parametrize("query", ["?format=xml", "?format=", "?format=%00"])
def test_it_comes_in_no_other_form(client, query):
    response = client.get(f"/api/schema/{query}")
    assert (response.status_code, response.json()["code"]) == (400, 9002)


@pytest.mark.parametrize("accept", ["text/html", "application/yaml", "*/*", "zebra", ""])
def test_it_comes_whatever_is_accepted(client, accept):
    assert client.get("/api/schema/", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/redoc/", "/api/docs/errors/", "/"])
def test_a_page_loads_nothing_from_elsewhere(client, path):
    response = client.get(path)
    assert response.status_code == 200
    page = response.content.decode()
    loaded = re.findall(r"""<(?:script|link|img|iframe)[^>]*?(?:src|href)=["']([^"']+)""", page)
    assert not [address for address in loaded if not address.startswith("/") or "//" in address]
    assert "url(http" not in page


def test_what_the_pages_load_is_there(client):
    for path in ("/api/docs/", "/api/docs/redoc/"):
        page = client.get(path).content.decode()
        addresses = re.findall(r"""<(?:script|link)[^>]*?(?:src|href)=["']([^"']+)""", page)
        assert addresses
        for address in addresses:
            response = client.get(address.replace("&amp;", "&"))
            assert response.status_code == 200, address
            assert b"".join(response), address


def test_the_script_of_swagger_reads_the_document(client):
    script = client.get("/api/docs/?script=")
    assert script.status_code == 200
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in script.content.decode()
    assert "SwaggerUIBundle" in script.content.decode()
    assert '"validatorUrl": null' in script.content.decode()


def test_redoc_may_load_nothing_from_elsewhere(client):
    page = client.get("/api/docs/redoc/").content.decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="(.+?)"', page)
    assert policy.startswith("default-src 'self' ")
    assert "http" not in policy


def test_the_page_of_errors_lists_every_code(client):
    page = client.get("/api/docs/errors/").content.decode()
    assert re.findall(r'<tr id="(\d+)">', page) == [str(number) for number in sorted(CODES)]
