"""The wallboard: who waits, who is free, and how today goes, without a login or full names."""
