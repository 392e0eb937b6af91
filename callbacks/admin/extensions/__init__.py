"""Extensions in the admin."""
