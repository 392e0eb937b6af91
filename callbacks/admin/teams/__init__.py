"""Teams and the routing preview in the admin."""
