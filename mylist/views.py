"""The list of the person who asks."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotModified
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from api import limits, metrics
from api.conditional import client_has_it
from api.paging import KeysetPagination
from api.parameters import Parameters
from api.redislink import Command
from api.renderers import json_response, no_content
from api.views import ApiViewSet
from mylist import pagecache, pages
from mylist.examples import MYLIST, UNKNOWN_KIND
from mylist.models import MyList, MyListItem, MyListItemQuerySet, NotAddable, Row
from mylist.pagecache import Found
from mylist.pages import Asked, Page, plainly_asked
from mylist.problems import ALREADY_LISTED, LIST_FULL, LIST_ITEM, NOT_ADDABLE
from mylist.registry import Kind, kind_named
from mylist.serializers import (
    AddSerializer,
    ContainsAnswerSerializer,
    ContainsSerializer,
    ListParameters,
    NoteSerializer,
    item_serializers,
)
from mylist.tokens import Tokens, tokens_of

ITEM = PolymorphicProxySerializer(
    component_name="MyListItem",
    serializers=item_serializers,
    resource_type_field_name="content_type",
)


class ListPagination(KeysetPagination):
    """Pages that also tell how many items there are."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["properties"]["count"] = {"type": "integer", "example": 1}
        page["required"].append("count")
        return page


class MyListViewSet(ApiViewSet):
    resource = "mylist"
    nouns = ("list item", "list items")
    path_parameters: ClassVar = {
        "id": (int, "The item's own id."),
        "content_type": ({"$ref": "#/components/schemas/ContentType"}, "The title's kind."),
        "content_id": (int, "The title's id."),
    }
    problem_family = LIST_ITEM
    permission_classes = (IsAuthenticated,)
    pagination_class = ListPagination
    serializer_class = NoteSerializer
    pages_are_personal = True
    parameters: ClassVar = {"list": ListParameters}
    refusals: ClassVar = {
        "create": [ALREADY_LISTED, LIST_FULL, NOT_ADDABLE],
        "put_membership": [LIST_FULL, NOT_ADDABLE],
    }
    examples = MYLIST
    problem_members: ClassVar = {
        LIST_ITEM.invalid: UNKNOWN_KIND,
        ALREADY_LISTED: {"id": 1},
    }

    @property
    def person(self) -> int:
        return int(self.request.user.pk)  # type: ignore[arg-type]

    def items(self) -> MyListItemQuerySet:
        return MyListItem.objects.of(self.request.user)

    # --- the list --------------------------------------------------------

    def read_query(self, request: Request) -> None:
        """A page that is asked for in our own words needs no second look."""
        self.asked = plainly_asked(request.META["QUERY_STRING"]) if self.action == "list" else None
        if self.asked is None:
            super().read_query(request)

    @extend_schema(responses={200: ITEM})
    def list(self, request: Request) -> HttpResponse:
        """Read the list.

        Newest first, in pages: follow `next` until it is null. `count` is of all pages.
        """
        asked = self.asked or asked_by(self.query, request)
        tokens = tokens_of(request) if pagecache.configured() else None
        if tokens is not None and self.is_known(tokens):
            limits.ask(request._request)
            pages.check(self.person, asked)
            metrics.PAGE_READ["not_modified"].inc()
            return HttpResponseNotModified(headers={"ETag": pagecache.etag(tokens)})
        if tokens is None or self.asked is None:
            limits.ask(request._request)
            metrics.PAGE_READ["off"].inc()
            page, tokens = pages.read(self.person, asked).page, None
        else:
            page, tokens = self.cached(asked, tokens)
        return page_response(page, asked, tokens, request._request)

    def is_known(self, tokens: Tokens) -> bool:
        plain = self.request._request
        if "HTTP_IF_NONE_MATCH" not in plain.META:
            return False
        return client_has_it(plain, pagecache.etag(tokens))

    def cached(self, asked: Asked, tokens: Tokens) -> Found:
        user_id, plain = self.person, self.request._request
        looking_up = () if pagecache.MISSED in plain.META else (pagecache.look_up(user_id, asked),)
        replies = limits.ask(plain, *looking_up)
        if replies is None:
            metrics.PAGE_READ["refused"].inc()
            return pagecache.made(user_id, asked, tokens)
        value, making = replies[0] if replies else None, pagecache.MAKING in plain.META
        return pagecache.read(user_id, asked, tokens, value, making)

    def look_ups(self, user_id: int) -> tuple[Command, ...]:
        """The page, unless the client may have it already."""
        meta = self.request.META
        if self.action != "list" or "HTTP_IF_NONE_MATCH" in meta or not pagecache.configured():
            return ()
        asked = plainly_asked(meta["QUERY_STRING"])
        return (pagecache.look_up(user_id, asked),) if asked is not None else ()

    def count(self) -> None:
        """A page is counted by the same round trip that looks it up."""
        if self.action != "list" or plainly_asked(self.request.META["QUERY_STRING"]) is None:
            super().count()

    @extend_schema(request=AddSerializer, responses={201: ITEM})
    def create(self, request: Request) -> HttpResponse:
        """Add a title to the list.

        409 (4001) with the item's `id` when it is there already. A new item stands on top.
        """
        asked = self.body(AddSerializer)
        kind, content_id = asked["content_type"], asked["content_id"]
        row, _ = MyList.add(request.user, kind, content_id, asked.get("note"))
        return added(row, kind, 201, {"Location": f"{request.path}{row.pk}/"})

    @extend_schema(responses={204: None})
    def clear(self, request: Request) -> HttpResponse:
        """Empty the list.

        204 also when it was empty.
        """
        MyList.remove(request.user)
        return no_content()

    @extend_schema(request=ContainsSerializer, responses={200: ContainsAnswerSerializer})
    def contains(self, request: Request) -> HttpResponse:
        """Ask which of up to 200 titles are on the list.

        In the order asked, each with its item's `id`, or null.
        """
        asked = [
            (what["content_type"], what["content_id"])
            for what in self.body(ContainsSerializer)["items"]
        ]
        found = self.items().ids_of(asked)
        results = [
            {"content_type": kind.name, "content_id": pk, "id": found.get((kind, pk))}
            for kind, pk in asked
        ]
        return json_response({"results": results})

    # --- one item, by its own id ------------------------------------------

    @extend_schema(responses={200: ITEM})
    def retrieve(self, request: Request, id: int) -> HttpResponse:
        """Read an item.

        By its own id, not its title's.
        """
        return answer(pages.item(self.person, id))

    @extend_schema(request=NoteSerializer, responses={200: ITEM})
    def update(self, request: Request, id: int) -> HttpResponse:
        """Replace an item's note.

        Without a `note` in the body it is emptied.
        """
        return self.annotate(id, self.body(NoteSerializer).get("note", ""))

    @extend_schema(request=NoteSerializer, responses={200: ITEM})
    def partial_update(self, request: Request, id: int) -> HttpResponse:
        """Change an item's note.

        Without a `note` in the body it stays.
        """
        changes = self.body(NoteSerializer, partial=True)
        return self.annotate(id, changes["note"]) if changes else self.retrieve(request, id)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int) -> HttpResponse:
        """Take an item off the list.

        The answer does not show it: keep its note if it may be added again.
        """
        return self.removed(MyList.remove(request.user, id=id))

    # --- one title, by its kind and id -------------------------------------

    @extend_schema(responses={200: ITEM})
    def membership(self, request: Request, content_type: str, content_id: int) -> HttpResponse:
        """Ask whether a title is on the list.

        200 with the item, or 404.
        """
        kind = kind_named(content_type)
        return answer(pages.item_of(request.user, kind, content_id))

    @extend_schema(request=NoteSerializer, responses={200: ITEM, 201: ITEM})
    def put_membership(self, request: Request, content_type: str, content_id: int) -> HttpResponse:
        """Add a title if it is not there.

        201 when it is new, 200 when it was there; a note in the body is set either way.
        """
        note = self.body(NoteSerializer, partial=True).get("note")
        kind = kind_named(content_type)
        row, new = MyList.add(request.user, kind, content_id, note, exist_ok=True)
        return added(row, kind, 201 if new else 200)

    @extend_schema(responses={204: None})
    def remove_membership(
        self, request: Request, content_type: str, content_id: int
    ) -> HttpResponse:
        """Take a title off the list.

        404 when it was not there. The answer does not show the item: keep its note if it may be
        added again.
        """
        kind = kind_named(content_type)
        which = {"content_type_id": kind.content_type.pk, "content_id": content_id}
        return self.removed(MyList.remove(request.user, **which))

    # --- what they share ----------------------------------------------------

    def annotate(self, pk: int, note: str) -> HttpResponse:
        if not MyList.annotate(self.request.user, pk, note):
            raise NotFound
        return self.retrieve(self.request, pk)

    def removed(self, count: int) -> HttpResponse:
        if not count:
            raise NotFound
        return no_content()


def answer(item: dict[str, Any] | None) -> HttpResponse:
    """An item as it is shown; a 404 when there is none."""
    if item is None:
        raise NotFound
    return json_response(item)


def added(row: Row, kind: Kind, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    """Whose title was deleted at once is not told that it was added."""
    if (item := pages.shown(row)) is None:
        raise NotAddable(kind, row.content_id)
    return json_response(item, status, headers)


def asked_by(query: Parameters, request: Request) -> Asked:
    """A page that was asked for in other words than ours: `page_size=007`."""
    kind: Kind | None = query.get("content_type")
    name = kind.name if kind else None
    beside = [urlencode([pair]) for pair in request.GET.items() if pair[0] != "cursor"]
    return Asked(name, query.get("page_size"), query.get("cursor"), tuple(sorted(beside)))


def page_response(
    page: Page, asked: Asked, tokens: Tokens | None, request: HttpRequest
) -> HttpResponse:
    # A middleware has looked at the host.
    host = request.META.get("HTTP_HOST") or request.get_host()
    base = f"{request.scheme}://{host}{request.path}"
    body, links = pages.body(page, asked, base)
    headers = {"Link": links} if links else {}
    if tokens is not None:
        headers["ETag"] = pagecache.etag(tokens)
    return HttpResponse(body, content_type="application/json", headers=headers)
