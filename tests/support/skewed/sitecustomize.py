"""A machine with a wrong clock: Python runs this file at start if PYTHONPATH leads here.

The process's wall clock is CLOCK_SKEW seconds ahead, and its monotonic clocks are unchanged, as on
a machine whose clock was set wrong. See tests/support/skew.py.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine

_AHEAD = timedelta(seconds=float(os.environ["CLOCK_SKEW"]))
time_machine.travel(datetime.now(UTC) + _AHEAD, tick=True).start()
datetime.now(UTC)  # the first call starts it
