"""A Voicenter that runs on this machine: phones that ring, over HTTP.

A process of its own (`python -m callbacks.simulator`) that imports nothing of the project, so
that its ledger can be a witness that shares no code with what it judges. See docs/simulator.md.

Each part imports only those below it; the linter holds them to that.

    http      the provider's addresses, the ledger's and the control's; answers that break
    page      the phones in a browser, with buttons
    exchange  accepts or refuses a request, keeps the lines and the live calls, ends them
    posts     records (with retries) and pop-up requests to the product
    engine    calls and their legs, the ledger, the Call Log, settings, faults
"""
