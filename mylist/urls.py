"""Under /api/v1/."""

from django.urls import path

from mylist.views import MyListViewSet

urlpatterns = [
    path(
        "mylist/",
        MyListViewSet.as_view({"get": "list", "post": "create", "delete": "clear"}),
    ),
    path("mylist/contains/", MyListViewSet.as_view({"post": "contains"})),
    path(
        "mylist/<id:id>/",
        MyListViewSet.as_view(
            {
                "get": "retrieve",
                "put": "update",
                "patch": "partial_update",
                "delete": "destroy",
            }
        ),
    ),
    path(
        "mylist/<word:content_type>/<id:content_id>/",
        MyListViewSet.as_view(
            {
                "get": "membership",
                "put": "put_membership",
                "delete": "remove_membership",
            }
        ),
    ),
]
