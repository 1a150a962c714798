"""What a technician runs: decode, plan, flash, and a simulated town on the desk."""
