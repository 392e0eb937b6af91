"""A Voicenter that runs on this machine: phones that ring, over HTTP.

A process of its own (`python -m callbacks.simulator`) that imports nothing of the project, so
that its ledger can be a witness that shares no code with what it judges. See docs/simulator.md.

    click2call -> exchange (accept or refuse, live calls) -> calls    legs that ring, talk, end
    services   ->   |                                        ledger   what reached us, in order
                    |-> delivery  CDR posts with retries
                    |-> popups    who is calling? asked of our side
                    `-> calllog   what can be asked about calls that are over

`settings` is how all of it behaves, `control` reads a change of it, `faults` and `spoil` break it.
"""
