"""Naive bots, as a first version would be written: a bare command that defers, and one loop for each task.

They have every advantage: they attach no pictures, store nothing, and a refused edit does not end their loop.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from discord.http import Route

PAUSE = 2.0
"""Seconds between two polls of a task."""

FINAL = {"SUCCESS", "FAILURE", "CANCEL"}

Interaction = discord.Interaction[Any]
Edit = Callable[[discord.Embed], Awaitable[object]]


def create_bot() -> commands.AutoShardedBot:
    """Create a bot that connects and has no commands."""
    return commands.AutoShardedBot(
        command_prefix=commands.when_mentioned, help_command=None, intents=discord.Intents(guilds=True)
    )


async def run_deferring_bot(token: str) -> None:
    """Run a bot whose only command defers and does nothing else."""
    bot = create_bot()

    @bot.tree.command(name="mjstatus", description="defers")
    @app_commands.describe(id="ignored")
    async def mjstatus(interaction: Interaction, id: str) -> None:  # noqa: A002, ARG001
        await interaction.response.defer(thinking=True)

    async with bot:
        await bot.login(token)
        await bot.tree.sync()
        await bot.connect()


async def run_one_loop_each(token: str, relay: str, key: str, followed: list[dict[str, Any]]) -> None:
    """Run a bot that follows every task in its own loop: poll, edit, sleep."""
    bot = create_bot()
    async with bot, aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        await bot.login(token)
        connection = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        await asyncio.gather(*(follow(session, relay, one["task_id"], build_edit(bot, one)) for one in followed))
        await connection


async def poll_without_edits(relay: str, key: str, followed: list[dict[str, Any]]) -> None:
    """Poll every task in its own loop without editing messages, which counts the requests without rate limits."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:

        async def silent(_: discord.Embed) -> None:
            """Show nothing."""

        await asyncio.gather(*(follow(session, relay, one["task_id"], silent) for one in followed))


def build_edit(bot: discord.Client, one: dict[str, Any]) -> Edit:
    """Return a function that edits a message by its interaction token, or as the bot if it has none."""
    if one["token"]:
        webhook = discord.Webhook.partial(one["application_id"], one["token"], client=bot)
        return lambda embed: webhook.edit_message(one["message_id"], embed=embed)
    message = bot.get_partial_messageable(one["channel_id"]).get_partial_message(one["message_id"])
    return lambda embed: message.edit(embed=embed)


async def follow(session: aiohttp.ClientSession, relay: str, task_id: str, edit: Edit) -> None:
    """Poll one task and show each state, until it has ended."""
    while True:
        async with session.get(f"{relay}/mj/task/{task_id}/fetch") as response:
            task = await response.json(content_type=None)
        title = "✅ Done" if task["status"] == "SUCCESS" else f"{task['status']} {task['progress']}"
        embed = discord.Embed(title=title, description=task["prompt"])
        if task["imageUrl"]:
            embed.set_image(url=task["imageUrl"])
        try:
            await edit(embed)
        except discord.HTTPException:
            await asyncio.sleep(PAUSE)
            continue
        if task["status"] in FINAL:
            return
        await asyncio.sleep(PAUSE)


def main(way: str, discord_url: str, token: str, relay: str = "", key: str = "", file: str = "") -> None:
    """Run the bot that `way` names (defer, loops, ask); the JSON file `file` lists the messages to edit."""
    Route.BASE = discord_url
    if way == "defer":
        asyncio.run(run_deferring_bot(token))
        return
    followed = json.loads(Path(file).read_text(encoding="utf-8"))
    if way == "loops":
        asyncio.run(run_one_loop_each(token, relay, key, followed))
    else:
        asyncio.run(poll_without_edits(relay, key, followed))


if __name__ == "__main__":
    main(*sys.argv[1:])
