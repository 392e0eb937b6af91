"""Extensions over a day: pauses, presence, and taking them over from the provider's account."""
