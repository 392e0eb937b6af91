"""Values of the provider's messages: phone numbers, text, fields, the secret code."""
