"""Faults on the running product, with witnesses: `python -m tests.chaos`, docs/reliability.md."""
