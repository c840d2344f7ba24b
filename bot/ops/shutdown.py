"""How the seconds are spent that a process has when it is asked to stop: platforms kill after ten."""

HANG_UP_SECONDS = 1.0
"""The farewell to the gateway: one that hangs must not eat the time that submits need."""
ANSWER_SECONDS = 1.5
"""Interactions that are being answered."""
HAND_OVER_SECONDS = 1.0
"""Giving jobs back, and, at the very end, being no process any more; each."""
SUBMIT_SECONDS = 3.0
"""Submits on their way: one that takes longer is told of as uncertain by whoever goes on."""
ALL_SECONDS = 8.0
"""All of that, and closing what is open; what hangs then is cut short."""
CUT_SECONDS = 0.5
"""Being cut short."""
SERVING_SECONDS = 1.0
"""Requests to /healthz and its like, last."""
