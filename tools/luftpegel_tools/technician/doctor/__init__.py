"""What `luftpegel doctor` looks at; one file a matter, each a generator of findings."""
