"""A relay and a Discord page on this machine, to try the bot without an account, a key or money."""

from bot.required_modules import require_modules

require_modules({"simcord": "simcord"}, program="sandbox")
