"""The parts of messages: documents, parameters, fields, phone numbers, text, the secret code."""
