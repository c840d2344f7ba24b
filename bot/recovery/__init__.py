"""What a lost process or a lost answer leaves behind: jobs are taken over, submissions are found again."""
