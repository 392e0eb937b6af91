"""The call-back button that other websites show, and the frame that it opens."""
