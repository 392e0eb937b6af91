"""The subcommands of `manage.py voicenter`, with which engineers use the provider's account."""
