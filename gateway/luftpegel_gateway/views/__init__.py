"""What is read: facts for the page, the command line and programs. Only through the journal's `Reader`."""
