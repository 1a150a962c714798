"""What is made of the command line as a whole: completion for shells, docs/commands.md."""
