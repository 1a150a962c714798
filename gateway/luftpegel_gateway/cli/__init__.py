"""`luftpegel gateway`: what an operator types."""
