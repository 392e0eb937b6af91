"""The list of exports: who exported what, and when."""
