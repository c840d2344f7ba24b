"""How the bot reaches other machines: names as the system resolves them, and the operator's proxy. For all of HTTP."""
