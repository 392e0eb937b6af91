"""Calls and their legs, the ledger of requests, the Call Log, settings and faults; no network."""
