"""What is paid: a press or a command is claimed once, sent at most once, and its answer recorded."""
