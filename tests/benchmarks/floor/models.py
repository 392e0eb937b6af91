"""Two tables."""

from django.db import models


class Row(models.Model):
    """A lead with as few columns as possible."""

    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=16)
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    call_id = models.CharField(max_length=64, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"Row {self.pk}"


class Record(models.Model):
    """One record of a call, as it came."""

    call_id = models.CharField(max_length=64)
    payload = models.JSONField()

    def __str__(self) -> str:
        return f"Record {self.pk}"
