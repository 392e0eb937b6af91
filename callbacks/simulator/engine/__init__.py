"""The simulated exchange: orders, calls, faults, and the ledger."""
