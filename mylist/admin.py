"""Lists in the staff desk: to look at, and to take something off for somebody."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from api.desk import DeskAdmin
from mylist.models import MyListItem
from mylist.registry import KINDS


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind = KINDS.get(self.value() or "")
        return queryset.of_kind(kind) if kind else queryset  # type: ignore[attr-defined]


@admin.register(MyListItem)
class MyListItemAdmin(DeskAdmin):
    list_display = ("id", "user", "kind_name", "content", "note", "added_at")
    list_filter = (KindFilter,)
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "A person's e-mail address."
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("user", "kind_name", "content", "note", "added_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MyListItem]:
        return super().get_queryset(request).with_content()  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="kind", ordering="content_type")
    def kind_name(self, item: MyListItem) -> str:
        return item.kind.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: MyListItem | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: MyListItem) -> None:
        self.delete_queryset(request, MyListItem.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MyListItem]) -> None:
        queryset.take_off()  # type: ignore[attr-defined]
