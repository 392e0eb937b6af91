"""Stores the checks' findings about a lead (leads.models.Finding)."""

from datetime import datetime

from leads.guard.verdicts import Judgement
from leads.models import Finding, Lead


def keep(lead: Lead, judged: Judgement, at: datetime) -> None:
    """Stores the findings about a lead, in the transaction that stores the lead."""
    if judged.findings:
        Finding.objects.bulk_create(
            Finding(
                lead=lead,
                asked=it.asked,
                verdict=it.verdict.name.lower(),
                reason=it.reason[:500],
                is_unanswered=it.is_unanswered,
                is_mild=it.is_mild,
                at=at,
            )
            for it in judged.findings
        )
