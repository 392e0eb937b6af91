"""The board on the wall: who waits, who is free, and how today goes, without login or names."""
