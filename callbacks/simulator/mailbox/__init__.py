"""A mail server on this machine: it takes every mail, keeps it, and sends it nowhere."""
