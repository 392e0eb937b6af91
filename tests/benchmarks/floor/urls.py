"""Views with one statement each: a lead (and one publish), a question, a pop-up, a record."""

import json

from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.benchmarks.floor.models import Record, Row
from tests.benchmarks.floor.tasks import call


def submit(request: HttpRequest) -> JsonResponse:
    """Stores what is sent, without any check."""
    lead = json.loads(request.body)
    row = Row.objects.create(name=lead["name"], phone=lead["phone"], message=lead["message"])
    call.delay(row.pk, row.phone)
    return JsonResponse({"id": row.pk}, status=201)


def who(request: HttpRequest) -> JsonResponse:
    """Says whose row this is."""
    row = Row.objects.get(pk=json.loads(request.body)["id"])
    return JsonResponse({"STATUS": "OK", "CLIENTNAME": row.name, "URL": f"/rows/{row.pk}/"})


def popup(request: HttpRequest) -> JsonResponse:
    """Says whose call this is."""
    row = Row.objects.filter(call_id=json.loads(request.body)["ivrid"]).first()
    name, address = (row.name, f"/rows/{row.pk}/") if row else ("", "")
    return JsonResponse({"STATUS": "OK", "CLIENTNAME": name, "URL": address})


def record(request: HttpRequest) -> JsonResponse:
    """Stores the record as it is."""
    payload = json.loads(request.body)
    Record.objects.create(call_id=payload["ivruniqueid"], payload=payload)
    return JsonResponse({"Err": 0, "Errdesc": "OK"})


urlpatterns = [
    path("leads/", submit),
    path("who/", who),
    path("popups/", popup),
    path("records/", record),
]
