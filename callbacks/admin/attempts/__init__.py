"""Call attempts, the provider's records, and unknown outcomes in the admin."""
