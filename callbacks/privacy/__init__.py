"""What is held of a person: finding it, showing it, erasing it."""
