"""A mail server on this machine: accepts every mail, keeps it, and sends it nowhere."""
