from django.urls import include, path, re_path

from api import answers

urlpatterns = [path("api/v1/", include("mylist.urls")), re_path("", answers.not_found)]
