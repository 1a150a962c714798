"""What is wrong, since when: one model for the log, the page, /readyz and alarms."""
