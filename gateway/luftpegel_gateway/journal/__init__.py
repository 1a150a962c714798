"""The durable log: frames as they came, what they mean, how far each sink is, what is in quarantine."""
