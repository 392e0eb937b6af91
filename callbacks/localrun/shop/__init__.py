"""An invented shop: another website with the call-back button, to try it."""
