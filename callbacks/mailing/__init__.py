"""Outgoing mail: it is stored with what it tells of, and handed to a mail server by the workers."""
