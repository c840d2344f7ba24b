"""The commands that ask for new tasks, which are paid."""
