"""Claim a lead and an extension, dial, and apply what came of it."""
