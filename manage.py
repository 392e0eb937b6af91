#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
    from django.core.management import execute_from_command_line

    from callbacks.audit.acting import in_command

    in_command(" ".join(sys.argv[1:2]))
    execute_from_command_line(sys.argv)
