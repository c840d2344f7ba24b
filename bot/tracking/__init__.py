"""What is followed: tasks are polled, and their messages drawn, until they end."""
