"""The admin's pages are readable while PostgreSQL only reads."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from callbacks.models import Extension, SignIn
from leads.models import Lead
from tests.admin.test_page_headers import routes

# To open one of these pages is to begin something: to sign in or out.
WRITE = re.compile(r"/(login|logout)/$")


@pytest.mark.django_db(transaction=True)
def test_every_page_is_shown_and_the_time_of_the_last_use_is_noted_later(
    superuser: Client, make_lead: Callable[..., Lead], extension: Extension, simulator: object
) -> None:
    lead = make_lead("+972505550101")
    superuser.get("/admin/")
    long_ago = timezone.now() - timedelta(minutes=10)
    SignIn.objects.update(seen_at=long_ago)
    walked = {f"/{it}" for it in routes(get_resolver().url_patterns) if it.startswith("admin/")}
    walked = {it for it in walked if not re.search(r"[<(^]", it) and not WRITE.search(it)}
    walked.add(reverse("admin:leads_lead_change", args=[lead.pk]))
    assert len(walked) > 80
    superuser.raise_request_exception = False
    failed = {}
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        for path in sorted(walked):
            if (status := superuser.get(path).status_code) >= 500:
                failed[path] = status
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")
    assert failed == {}
    assert SignIn.objects.get().seen_at == long_ago
    superuser.get("/admin/")
    assert SignIn.objects.get().seen_at > long_ago
