"""One table."""

from django.db import models


class Row(models.Model):
    """A lead, as little of one as can be."""

    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=16)
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    call_id = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"Row {self.pk}"
