"""Recovery from lost processes and lost answers: their jobs are taken over, and their submissions are found."""
