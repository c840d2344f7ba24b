"""The commands with which the operator, server managers and moderators set rules."""
