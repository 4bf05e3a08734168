"""The OpenAPI document, and the pages that show it."""

import json
import re
from datetime import date

import pytest
import yaml
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from jsonschema import Draft202012Validator

from accounts.models import SignIn, User
from api.problems import CODES
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from config.seeding import load_fixtures, make_demo_people
from mylist.models import MyListItem

VERBS = {"get", "put", "post", "patch", "delete"}
# A token is needed, may be sent, or must better not be.
SECURITY = [[{"bearer": []}], [{"bearer": []}, {}], [{}]]


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
    while set(schema) == {"$ref"}:
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
        assert operation["security"] in SECURITY, (path, verb)


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


def test_every_refusal_is_a_problem_with_an_example_of_each_code(document, operations):
    for path, verb, operation in operations:
        bad = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
        assert {"400", "401", "503"} <= set(bad), (path, verb)
        for status, response in bad.items():
            assert set(response["content"]) == {"application/problem+json"}
            (shape,) = response["content"].values()
            assert shape["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert list(shape["examples"]) == re.findall(r"\b\d{4}\b", response["description"])
            for code, example in shape["examples"].items():
                value = resolve(document, example)["value"]
                assert valid(document, shape["schema"], value) == [], code
                assert (value["code"], value["status"]) == (int(code), int(status))


def test_headers_are_told_where_they_are_sent(document, operations):
    for path, verb, operation in operations:
        for status, response in operation["responses"].items():
            names = set(response["headers"])
            for header in response["headers"].values():
                assert resolve(document, header)["schema"], (path, verb)
            read = verb == "get" and path.startswith("/api/") and status in ("200", "304")
            query = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
            assert "X-Request-ID" in names
            assert ("ETag" in names) == read
            assert ("Link" in names) == ("cursor" in query and status == "200")
            assert ("Location" in names) == (verb == "post" and status == "201")
            assert ("Retry-After" in names) == (status in ("429", "503"))
            told = {name for name in names if "RateLimit" in name}
            assert len(told) == (5 if path.startswith("/api/v1/") else 0)
        assert ("304" in operation["responses"]) == (verb == "get" and path.startswith("/api/"))
        assert ("429" in operation["responses"]) == path.startswith("/api/v1/")


def test_the_headers_that_are_told_are_sent(api, as_ann):
    MovieFactory.create_batch(2)
    page = api.get("/api/v1/movies/?page_size=1")
    assert page["ETag"]
    assert 'rel="next"' in page["Link"]
    fresh = api.get("/api/v1/movies/?page_size=1", headers={"If-None-Match": page["ETag"]})
    assert (fresh.status_code, fresh["ETag"]) == (304, page["ETag"])
    wanted = {"content_type": "movie", "content_id": Movie.objects.first().pk}
    assert as_ann.post("/api/v1/mylist/", wanted)["Location"].startswith("/api/v1/mylist/")
    assert api.get("/api/v1/mylist/")["WWW-Authenticate"].startswith("Bearer")


def test_what_is_always_there_is_required(document):
    """In answers; in requests most can be left out."""
    schemas = document["components"]["schemas"]
    answers = {
        name: schema
        for name, schema in schemas.items()
        if "properties" in schema and not name.endswith("Request") and name != "Problem"
    }
    assert {"MovieItem", "TVShowItem", "Movie", "TVShowLight", "User", "TokenPair"} <= set(answers)
    for name, schema in answers.items():
        assert set(schema["required"]) == set(schema["properties"]), name
    for field in ("release_date", "release_year", "rating", "runtime", "vote_count"):
        assert "null" in schemas["Movie"]["properties"][field]["type"], field
    assert schemas["MovieRequest"]["required"] == ["title"]
    assert "required" not in schemas["PatchedMovieRequest"]


def test_only_what_is_used_is_described(document):
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named == set(document["components"]["schemas"])


def test_a_docstring_describes_its_own_class_only(document):
    for name in ("BatchRequest", "CredentialsRequest", "Found", "Genre", "TokenPair"):
        assert "description" not in document["components"]["schemas"][name]


def test_a_kind_of_content_is_an_enum_wherever_it_is_taken(document, operations):
    schemas = document["components"]["schemas"]
    assert schemas["ContentType"]["enum"] == ["movie", "tvshow"]
    kind = {"$ref": "#/components/schemas/ContentType"}
    taken = [schemas[name]["properties"]["content_type"] for name in ("AddRequest", "WhatRequest")]
    taken += [
        parameter["schema"]
        for *_, operation in operations
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "content_type"
    ]
    assert len(taken) == 6
    assert all(schema == kind or kind in schema["allOf"] for schema in taken)


def test_operations_stand_as_one_would_use_them(operations):
    names = [operation["operationId"] for *_, operation in operations]
    tags = [operation["tags"][0] for *_, operation in operations]
    assert names[tags.index("sign-in")] == "auth_sign_in"
    places = [names.index(f"mylist_{verb}") for verb in ("list", "create", "clear")]
    assert places == sorted(places)


def test_the_guide_names_what_there_is(document):
    guide = document["info"]["description"]
    assert 15 <= len(guide.splitlines()) <= 25
    for path in re.findall(r"`(?:[A-Z]+ )?(?:/api/v1)?(/[a-z/]{5,})`", guide):
        assert f"/api/v1{path}" in document["paths"], path
    for code in re.findall(r"code (\d{4})", guide):
        assert int(code) in CODES


def test_no_token_is_sent_to_get_one(operations):
    """An expired one would be refused: Swagger UI and generated clients would send it."""
    security = {operation["operationId"]: operation["security"] for *_, operation in operations}
    for name in ("auth_sign_in", "auth_refresh", "auth_reset", "users_create"):
        assert security[name] == [{}]
    assert security["auth_revoke"] == security["movies_list"] == [{"bearer": []}, {}]
    assert security["mylist_list"] == security["movies_create"] == [{"bearer": []}]


def test_descriptions_of_signing_in_warn_of_a_header_that_has_expired(operations):
    told = {operation["operationId"]: operation["description"] for *_, operation in operations}
    for name in ("auth_sign_in", "auth_refresh"):
        assert "Send no `Authorization` header" in told[name]
    assert "For staff" in told["movies_create"]
    assert "For staff" in told["movies_listed_by_list"]
    assert not any("For staff" in told[f"mylist_{name}"] for name in ("list", "membership"))


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


def test_every_body_has_an_example_that_is_what_is_described(document, operations):
    for path, verb, operation in operations:
        answers = [r for status, r in operation["responses"].items() if status.startswith("2")]
        for body in [operation.get("requestBody", {}), *answers]:
            for media in body.get("content", {}).values():
                assert valid(document, media["schema"], media["example"]) == [], (path, verb)


# What no example can hold: it is different each time.
VARYING = {"created_at", "updated_at", "added_at", "refreshed_at", "expires_at", "user_agent"}
VARYING |= {"access", "refresh", "redis", "count", "next"}
# Examples whose tokens are no tokens.
UNSIGNED = {"auth_refresh", "auth_verify", "auth_revoke", "auth_reset_confirm"}


def steady(value):
    if isinstance(value, dict):
        return {name: steady(part) for name, part in value.items() if name not in VARYING}
    return [steady(part) for part in value] if isinstance(value, list) else value


def address(operation, path):
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            schema = parameter["schema"]
            example = schema.get("examples", ["mylist" if "enum" in schema else "movie"])[0]
            path = path.replace("{" + parameter["name"] + "}", str(example))
    return path


@pytest.fixture
def demo(db, signed_in):
    """As `seed --demo` fills an empty database: its ids begin at 1. Clients by address."""
    tables = [
        {"table": model._meta.db_table, "column": "id"}
        for model in (Genre, Movie, TVShow, User, SignIn, MyListItem)
    ]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), tables):
            cursor.execute(statement)
    load_fixtures()
    make_demo_people()
    return {
        name: signed_in(User.objects.get(email=f"{name}@example.com")) for name in ("ann", "admin")
    }


def test_examples_work_with_the_demo_data(operations, demo, api):
    for path, verb, operation in operations:
        name = operation["operationId"]
        caller = demo["admin" if "For staff" in operation.get("description", "") else "ann"]
        client = api if path.startswith("/api/v1/auth/") or name == "users_create" else caller
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        with transaction.atomic():
            response = client.generic(
                verb.upper(),
                address(operation, path),
                json.dumps(body["example"]) if body else "",
                content_type="application/json",
            )
            transaction.set_rollback(True)
        if name in UNSIGNED:
            assert response.json()["code"] in (3002, 3004), name
            continue
        told = operation["responses"].get(str(response.status_code), {})
        assert response.status_code < 300, (name, response.content)
        if "content" in told:
            (media,) = told["content"].values()
            compare(name, media["example"], response.json())


def compare(name, example, answer):
    """Of a list an example shows some rows, all of which are there."""
    if {"next", "results"} <= set(example):
        rows = steady(answer["results"])
        missing = [row for row in steady(example["results"]) if row not in rows]
        assert not missing, (name, missing)
    else:
        assert steady(answer) == steady(example), name


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
