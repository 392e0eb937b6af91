"""Announcements from `leads`, which does not know who acts on them."""

from django.dispatch import Signal

# A lead was stored and must be called. Sent inside the transaction. Argument: lead.
lead_received = Signal()

# A visitor's number was refused. Argument: refused, the PhoneRefused.
number_refused = Signal()

# An open lead follows the wish of a later request for its number. Sent inside the transaction.
# Argument: lead.
wish_followed = Signal()

# A submission could not be stored. Arguments: came_by, a FailedBy; reason, one of few values.
submission_failed = Signal()
