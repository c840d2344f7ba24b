"""What the reasons of refusals and failures mean, in English."""
