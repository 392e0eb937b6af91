"""One module for each command of `manage.py`; the work is done elsewhere."""
