"""Which error is about one item of a sweep, and which about the database."""

import pytest
from django.db import DataError, InternalError, connection

from callbacks.common.one_by_one import one_by_one
from leads.models import LeadSource
from tests.leads.test_not_stored import reading_only

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_server_that_only_reads_is_no_broken_row(
    source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def rename(pk: int) -> None:
        tried.append(pk)
        LeadSource.objects.filter(pk=source.pk).update(name=f"No. {pk}")

    with reading_only(), pytest.raises(InternalError):
        one_by_one([1, 2, 3], rename, str)
    assert tried == [1]
    assert "item of the sweep failed" not in caplog.text


def test_a_broken_row_keeps_no_other_from_its_turn(
    source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    def divide(by: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [by])

    assert one_by_one([1, 0, 2], divide, str) == [(1, None), (2, None)]
    assert "item of the sweep failed" in caplog.text
    assert [it.exc_info[0] for it in caplog.records if it.exc_info] == [DataError]
