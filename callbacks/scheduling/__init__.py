"""When a lead is called: calling hours, pacing at an opening, and the next call."""
