"""How the tables of `callbacks` came to be what they are."""
