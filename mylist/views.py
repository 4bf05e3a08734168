"""The list of the person who asks."""

from collections.abc import Iterable
from typing import Any, ClassVar

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from api.paging import KeysetPagination
from api.views import ApiViewSet
from mylist.examples import MYLIST, UNKNOWN_KIND
from mylist.models import MyList, MyListItem, MyListItemQuerySet
from mylist.problems import ALREADY_LISTED, LIST_FULL, LIST_ITEM, NOT_ADDABLE
from mylist.registry import Kind, kind_named
from mylist.serializers import (
    AddSerializer,
    ContainsAnswerSerializer,
    ContainsSerializer,
    ListParameters,
    NoteSerializer,
    item_serializers,
    represent,
)

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

    def items(self) -> MyListItemQuerySet:
        return MyListItem.objects.of(self.request.user)

    # --- the list --------------------------------------------------------

    @extend_schema(responses={200: ITEM})
    def list(self, request: Request) -> Response:
        """Read the list.

        Newest first, in pages: follow `next` until it is null. `count` is of all pages.
        """
        kind: Kind | None = self.query.get("content_type")
        items = self.items() if kind is None else self.items().of_kind(kind)
        count = MyList.count_of(request.user) if kind is None else items.count()
        pages = ListPagination()
        page = pages.paginate_queryset(items.with_content(), request, view=self)
        return pages.get_paginated_response(represent(page), count=count)

    @extend_schema(request=AddSerializer, responses={201: ITEM})
    def create(self, request: Request) -> Response:
        """Add a title to the list.

        409 (4001) with the item's `id` when it is there already. A new item stands on top.
        """
        asked = self.body(AddSerializer)
        item, _ = MyList.add(
            request.user, asked["content_type"], asked["content_id"], asked.get("note")
        )
        return self.answer([item], 201, headers={"Location": f"{request.path}{item.pk}/"})

    @extend_schema(responses={204: None})
    def clear(self, request: Request) -> Response:
        """Empty the list.

        204 also when it was empty.
        """
        MyList.remove(request.user)
        return Response(status=204)

    @extend_schema(request=ContainsSerializer, responses={200: ContainsAnswerSerializer})
    def contains(self, request: Request) -> Response:
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
        return Response({"results": results})

    # --- one item, by its own id ------------------------------------------

    @extend_schema(responses={200: ITEM})
    def retrieve(self, request: Request, id: int) -> Response:
        """Read an item.

        By its own id, not its title's.
        """
        return self.answer(self.items().filter(pk=id).with_content())

    @extend_schema(request=NoteSerializer, responses={200: ITEM})
    def update(self, request: Request, id: int) -> Response:
        """Replace an item's note.

        Without a `note` in the body it is emptied.
        """
        return self.annotate(id, self.body(NoteSerializer).get("note", ""))

    @extend_schema(request=NoteSerializer, responses={200: ITEM})
    def partial_update(self, request: Request, id: int) -> Response:
        """Change an item's note.

        Without a `note` in the body it stays.
        """
        changes = self.body(NoteSerializer, partial=True)
        return self.annotate(id, changes["note"]) if changes else self.retrieve(request, id)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int) -> Response:
        """Take an item off the list.

        The answer does not show it: keep its note if it may be added again.
        """
        return self.removed(MyList.remove(request.user, pk=id))

    # --- one title, by its kind and id -------------------------------------

    @extend_schema(responses={200: ITEM})
    def membership(self, request: Request, content_type: str, content_id: int) -> Response:
        """Ask whether a title is on the list.

        200 with the item, or 404.
        """
        kind = kind_named(content_type)
        return self.answer(self.items().of_content(kind, content_id).with_content())

    @extend_schema(request=NoteSerializer, responses={200: ITEM, 201: ITEM})
    def put_membership(self, request: Request, content_type: str, content_id: int) -> Response:
        """Add a title if it is not there.

        201 when it is new, 200 when it was there; a note in the body is set either way.
        """
        note = self.body(NoteSerializer, partial=True).get("note")
        kind = kind_named(content_type)
        item, new = MyList.add(request.user, kind, content_id, note, exist_ok=True)
        return self.answer([item], 201 if new else 200)

    @extend_schema(responses={204: None})
    def remove_membership(self, request: Request, content_type: str, content_id: int) -> Response:
        """Take a title off the list.

        404 when it was not there. The answer does not show the item: keep its note if it may be
        added again.
        """
        kind = kind_named(content_type)
        which = {"content_type": kind.content_type, "content_id": content_id}
        return self.removed(MyList.remove(request.user, **which))

    # --- what they share ----------------------------------------------------

    def annotate(self, pk: int, note: str) -> Response:
        if not MyList.annotate(self.request.user, pk, note):
            raise NotFound
        return self.retrieve(self.request, pk)

    def answer(self, items: Iterable[MyListItem], status: int = 200, **kwargs: Any) -> Response:
        """The one item, with its content; a 404 when there is none."""
        shown = represent(items)
        if not shown:
            raise NotFound
        return Response(shown[0], status, **kwargs)

    def removed(self, count: int) -> Response:
        if not count:
            raise NotFound
        return Response(status=204)
