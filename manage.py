#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
    from callbacks.audit.acting import in_command
    from callbacks.config import start

    in_command(" ".join(sys.argv[1:2]))
    start.command(sys.argv)
