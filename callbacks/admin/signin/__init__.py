"""Signing in, in the admin: who has a second factor, and who is signed in where."""
