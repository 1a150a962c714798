"""station.toml, which a person writes."""
