"""A machine whose clock is wrong: Python reads this at its start where PYTHONPATH leads here.

The wall clock of the process is CLOCK_SKEW seconds ahead, and the clocks that nobody sets are as
they were; so it is when a machine's clock has been set wrong. See tests/support/skew.py.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine

_AHEAD = timedelta(seconds=float(os.environ["CLOCK_SKEW"]))
time_machine.travel(datetime.now(UTC) + _AHEAD, tick=True).start()
datetime.now(UTC)  # the first one to ask starts it
