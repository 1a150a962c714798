"""What goes onto a board: built, with its constants written out, and checked."""
