"""The composition root: opens the resources, builds the services on them, and the cogs on the services."""

from bot.app.background_work import run_background_work as run_background_work
from bot.app.resources import open_app as open_app
from bot.app.services import App as App
