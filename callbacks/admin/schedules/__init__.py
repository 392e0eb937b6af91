"""Opening hours in the admin."""
