"""What a technician runs: one verb of `luftpegel` a file."""
