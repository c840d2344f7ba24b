"""What the relay's HTTP responses mean: tasks, acceptances and errors."""
