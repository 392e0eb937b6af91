"""What messages consist of: documents, parameters, fields, phone numbers, text, the secret code."""
