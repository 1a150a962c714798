"""A simulated town: stations at places, its gateways, a day of it, and the proof that nothing was lost."""
