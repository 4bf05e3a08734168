"""Who may do what: staff, with Django's permission for the model and the action."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions
from rest_framework.request import Request


class StaffOnly(DjangoModelPermissions):
    """`is_staff`, and view, add, change or delete on the model of the view's queryset."""

    perms_map = DjangoModelPermissions.perms_map | {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_staff) and super().has_permission(request, view)


class StaffWrites(StaffOnly):
    """Anybody reads, staff write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)
