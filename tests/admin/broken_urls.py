"""A view that breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

handler500 = "leads.error_pages.server_error"


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [path("broken/", broken)]
