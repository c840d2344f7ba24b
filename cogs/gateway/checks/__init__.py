"""What is checked at Discord: servers, ids, permissions, the gateway and the commands."""
