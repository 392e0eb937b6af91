"""One view with one INSERT and one publish; one with one SELECT."""

import json

from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.benchmarks.floor.models import Row
from tests.benchmarks.floor.tasks import call


def submit(request: HttpRequest) -> JsonResponse:
    """Takes what is sent as it is."""
    lead = json.loads(request.body)
    row = Row.objects.create(name=lead["name"], phone=lead["phone"], message=lead["message"])
    call.delay(row.pk, row.phone)
    return JsonResponse({"id": row.pk}, status=201)


def who(request: HttpRequest) -> JsonResponse:
    """Says whose row that is."""
    row = Row.objects.get(pk=json.loads(request.body)["id"])
    return JsonResponse({"STATUS": "OK", "CLIENTNAME": row.name, "URL": f"/rows/{row.pk}/"})


urlpatterns = [path("leads/", submit), path("who/", who)]
