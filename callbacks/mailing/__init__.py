"""Outgoing mail: stored in the transaction of its cause, and sent by the workers."""
