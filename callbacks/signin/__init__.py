"""Signing in: second factor, sessions, wrong passwords, lost ones, single sign-on."""
