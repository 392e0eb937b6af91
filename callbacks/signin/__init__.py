"""Signing in: second factor, sessions, wrong passwords, lost passwords, single sign-on."""
