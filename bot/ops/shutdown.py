"""How the seconds are spent that a process has when it is asked to stop: platforms kill after ten."""

GATEWAY_CLOSE_SECONDS = 1.0
"""The farewell to the gateway: one that hangs must not eat the time that submits need."""
INTERACTION_SECONDS = 1.5
"""Interactions that are being answered."""
JOB_RELEASE_SECONDS = 1.0
"""Giving jobs back, and, at the very end, being no process any more; each."""
SUBMISSION_SECONDS = 3.0
"""Submits on their way: one that takes longer is told of as uncertain by whoever goes on."""
SHUTDOWN_SECONDS = 8.0
"""All of that, and closing what is open; what hangs then is cut short."""
CANCEL_SECONDS = 0.5
"""Being cut short."""
HTTP_SERVER_SECONDS = 1.0
"""Requests to /healthz and its like, last."""
