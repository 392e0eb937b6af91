"""What `leads` announces, so that it need not know who acts on it."""

from django.dispatch import Signal

# Sent inside the transaction that stores a lead which is to be called. Arguments: lead.
lead_received = Signal()
