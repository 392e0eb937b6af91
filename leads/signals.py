"""What `leads` announces and asks, so that it need not know who acts on it."""

from django.dispatch import Signal

# Sent inside the transaction that stores a lead which is to be called. Arguments: lead.
lead_received = Signal()

# Asked before a number is accepted and again before it is dialled. Arguments: phone (E.164).
# A receiver that knows a reason against it returns it as a sentence for the visitor, else None.
number_asked = Signal()

# Asked inside the transaction that stores a lead. Arguments: source, phone (E.164), now, chosen_at
# (or None). A receiver that calls leads returns a leads.ports.Plan.
plan_asked = Signal()

# Asked when a visitor is told, or may choose, when they are called. Arguments: source_id, phone
# (E.164, or "" for any number), as_of (version of the setup, or None). A receiver that calls leads
# returns leads.ports.Hours.
hours_asked = Signal()
