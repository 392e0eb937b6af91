"""How the tables of `leads` came to be what they are."""
