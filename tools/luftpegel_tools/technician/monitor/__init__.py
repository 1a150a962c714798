"""What `luftpegel monitor` does: watches ports, cuts lines, tells what they mean."""
