"""Finding a salesperson and making the call."""
