"""The durable log: frames as they came in, what they mean, which sink has seen how far, and what is in quarantine."""
