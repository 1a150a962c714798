"""What `luftpegel plan` reckons with: currents, frames, budgets."""
