"""A Voicenter that runs on this machine: phones that ring, over HTTP.

A separate process (`python -m callbacks.simulator`) that imports nothing from the project, so that
its ledger is a witness that shares no code with what it judges. See docs/simulator.md.

Each part imports only those below it; the linter enforces that.

    http      the provider's addresses, the ledger's and the control's; broken answers
    page      the phones in a browser, with buttons
    exchange  accepts or refuses requests, keeps the lines and live calls, ends calls
    posts     records (with retries) and pop-up requests to the product
    engine    calls and their legs, the ledger, the Call Log, settings, faults
"""
