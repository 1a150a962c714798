"""From an uplink's bytes to facts: rows of readings, a status, an alarm. Pure."""
