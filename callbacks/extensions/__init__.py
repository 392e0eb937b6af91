"""Extensions in daily use: pauses, presence, and their import from the provider's account."""
