"""The loopback Discord is Discord enough: discord.py itself works against it, and its refusals are Discord's."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands, ui
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire.loopback import Interaction, LoopbackDiscord, Upload
from tests.wire.loopback_schema import schema_reasons

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Press(ui.DynamicItem[ui.Button[ui.View]], template=r"mj:u:(?P<task>\d+)"):
    """A button that marks its message."""

    def __init__(self, task: str) -> None:
        super().__init__(ui.Button(label="U1", custom_id=f"mj:u:{task}"))
        self.task = task

    @classmethod
    async def from_custom_id(cls, interaction: object, item: object, match: re.Match[str]) -> Self:
        """Build it anew from its id."""
        return cls(match["task"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, edit, follow up."""
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"pressed {self.task}")
        await interaction.followup.send("yours", ephemeral=True)


class Ask(ui.Modal, title="Custom Zoom"):
    """A form of one input."""

    prompt: ui.TextInput["Ask"] = ui.TextInput(label="Prompt", default="a cat", custom_id="prompt")

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Say what was typed."""
        await interaction.response.send_message(f"zoom {self.prompt.value}")


def view(*items: ui.Item[Any]) -> ui.View:
    """A view as the bot makes them."""
    made = ui.View(timeout=None)
    for item in items:
        made.add_item(item)
    return made


@app_commands.command(name="mjstatus", description="Follow a task")
async def mjstatus(interaction: discord.Interaction[Any], task: str) -> None:
    """Defer, then edit with a picture."""
    await interaction.response.defer(thinking=True)
    embed = discord.Embed(title="✅ Four pictures").set_image(url="attachment://a.png")
    file = discord.File(io.BytesIO(PIXEL), "a.png", description="a cat")
    await interaction.edit_original_response(embed=embed, attachments=[file], view=view(Press(task)))


@mjstatus.autocomplete("task")
async def tasks(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    """Offer what is typed."""
    return [app_commands.Choice(name=f"task {current}", value=current)]


@app_commands.command(name="zoom", description="Open a form")
async def zoom(interaction: discord.Interaction[Any]) -> None:
    """Open the form."""
    await interaction.response.send_modal(Ask())


@app_commands.command(name="describe", description="Describe a picture")
async def describe(interaction: discord.Interaction[Any], image: discord.Attachment, by: discord.User) -> None:
    """Read the picture from the CDN, answer privately."""
    size = len(await image.read())
    await interaction.response.send_message(f"{size} bytes of {by.name}", ephemeral=True)


@app_commands.context_menu(name="Show the task")
async def show(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    """Repeat the message."""
    await interaction.response.send_message(f"saw {message.content}")


@asynccontextmanager
async def running(server: LoopbackDiscord) -> AsyncIterator[commands.AutoShardedBot]:
    """Run a discord.py bot in this process against the loopback."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway_url)
    bot = commands.AutoShardedBot(
        commands.when_mentioned, intents=discord.Intents(guilds=True), guild_ready_timeout=0.05
    )
    bot.add_dynamic_items(Press)
    given: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu] = [mjstatus, zoom, describe, show]
    for command in given:
        bot.tree.add_command(command)
    try:
        await bot.login(server.token)
        await bot.tree.sync()
        connection = asyncio.create_task(bot.connect())
        await asyncio.wait_for(bot.wait_until_ready(), 10)
        yield bot
        await bot.close()
        await asyncio.wait_for(connection, 5)
    finally:
        await bot.close()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def server() -> AsyncIterator[LoopbackDiscord]:
    """A loopback Discord."""
    async with LoopbackDiscord() as made:
        yield made


@pytest.fixture
async def bot(server: LoopbackDiscord) -> AsyncIterator[commands.AutoShardedBot]:
    """A discord.py bot that is connected to it."""
    async with running(server) as made:
        yield made


async def send(
    server: LoopbackDiscord, method: str, path: str, body: object = None, *, token: str | None = None
) -> tuple[int, Any]:
    """Send one request as a bot would; give the status and the decoded body."""
    headers = {"Authorization": f"Bot {token or server.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, server.api_url + path, json=body, headers=headers) as response,
    ):
        return response.status, await response.json() if response.status != 204 else None


async def test_the_bot_sees_its_guild(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """READY and GUILD_CREATE give discord.py a guild with channels in which it may write."""
    guild = bot.get_guild(server.guild_id)
    assert guild is not None
    assert [channel.name for channel in server.channels] == [channel.name for channel in guild.text_channels]
    assert guild.text_channels[0].permissions_for(guild.me).view_channel
    assert (server.identifies, server.session_start_limit["remaining"]) == (1, 999)
    assert [one["name"] for one in server.commands] == ["mjstatus", "zoom", "describe", "Show the task"]


async def test_a_slash_command_defers_then_shows_a_picture(
    server: LoopbackDiscord, bot: commands.AutoShardedBot
) -> None:
    """Defer, edit with an attachment, fetch the picture from the CDN: nothing is refused."""
    act = await server.slash(server.member, server.channels[0], "mjstatus", {"task": "17"})
    await act.acknowledged()
    assert act.acknowledged_after is not None
    assert act.acknowledged_after < 3
    await act.answered()
    message = act.original
    assert message is not None
    assert (message.files[0].name, message.files[0].content, message.files[0].description) == ("a.png", PIXEL, "a cat")
    assert ["create", f"PATCH /webhooks/{server.application_id}/{act.token}/messages/@original"] == [
        edit.route for edit in message.history
    ]
    payload = message.payload()
    assert payload["attachments"] == [], "what an embed shows is not listed"
    async with aiohttp.ClientSession() as session, session.get(payload["embeds"][0]["image"]["url"]) as response:
        assert await response.read() == PIXEL
    assert server.refused == []


async def test_a_click_reaches_a_dynamic_item(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """A button on a message that this process never sent works: type 6, an edit, a private followup."""
    button = {"type": 2, "style": 2, "label": "U1", "custom_id": "mj:u:17"}
    planted = server.plant(server.channels[0], {"content": "old", "components": [{"type": 1, "components": [button]}]})
    act = await server.click(server.member, planted, "U1")
    await server.until(lambda: act.followups)
    assert act.response == {"type": 6, "data": {}}
    assert planted.content == "pressed 17"
    assert [one.ephemeral for one in act.followups] == [True]
    with pytest.raises(LookupError):
        await server.click(server.member, planted, "U2")


async def test_a_modal_is_opened_and_submitted(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """The modal is recorded, filled in, and its submit answered."""
    opened = await (await server.slash(server.member, server.channels[0], "zoom")).acknowledged()
    assert opened.modal["title"] == "Custom Zoom"
    act = await server.submit_modal(server.member, opened, {"prompt": "a dog"})
    await act.answered()
    assert [message.content for message in act.messages] == ["zoom a dog"]
    again = await (await server.slash(server.member, server.channels[0], "zoom")).acknowledged()
    kept = await (await server.submit_modal(server.member, again)).answered()
    assert [message.content for message in kept.messages] == ["zoom a cat"]
    with pytest.raises(LookupError):
        await server.submit_modal(server.member, opened, {"nothing": "x"})


async def test_options_menus_and_choices_reach_the_bot(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """Attachments, people, message menus and autocomplete arrive whole, in DMs and private channels too."""
    options = {"image": Upload("in.png", PIXEL), "by": server.owner}
    act = await (await server.slash(server.member, server.dm(server.member), "describe", options)).answered()
    assert [(f"{len(PIXEL)} bytes of lien", True)] == [(one.content, one.ephemeral) for one in act.messages]
    said = server.plant(server.private, {"content": "hello"}, server.member)
    seen = await server.context_menu(server.member, said, "Show the task", user_installed=True)
    assert [one.content for one in (await seen.answered()).messages] == ["saw hello"]
    typed = await server.autocomplete(server.member, server.foreign, "mjstatus", {"task": "1"}, "task")
    assert (await typed.acknowledged()).choices == [{"name": "task 1", "value": "1"}]
    with pytest.raises(LookupError):
        await server.slash(server.member, server.channels[0], "mjstatus")
    assert server.refused == []


async def test_channel_edits_are_kept_and_bad_bodies_refused(
    server: LoopbackDiscord, bot: commands.AutoShardedBot
) -> None:
    """Edits as the bot work; what Discord would refuse is refused with its code, and recorded."""
    channel = bot.get_partial_messageable(server.channels[0].id, guild_id=server.guild_id)
    sent = await channel.send("hello", file=discord.File(io.BytesIO(PIXEL), "a.png"))
    edited = await channel.get_partial_message(sent.id).edit(content="changed", attachments=[*sent.attachments])
    assert [file.filename for file in edited.attachments] == ["a.png"]
    bad = ui.Button[ui.View](label="x", emoji="black_nib", custom_id="a")
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("x", view=view(bad))
    assert (caught.value.status, caught.value.code) == (400, 50035)
    assert "components.0.components.0.emoji" in str(caught.value)
    with pytest.raises(discord.HTTPException):
        await channel.send(embed=discord.Embed(title="x" * 257))
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send(file=discord.File(io.BytesIO(b"x" * (server.file_bytes + 1)), "big.png"))
    assert (caught.value.status, caught.value.code) == (413, 40005)
    assert len(server.refused) == 2
    await sent.delete()
    with pytest.raises(discord.NotFound) as gone:
        await sent.edit(content="again")
    assert gone.value.code == 10008


async def answer(server: LoopbackDiscord, act: Interaction, body: object) -> tuple[int, int]:
    """Send a callback; give the status and Discord's code."""
    status, said = await send(server, "POST", f"/interactions/{act.id}/{act.token}/callback", body)
    return status, (said or {}).get("code", 0)


async def test_an_interaction_is_answered_once_and_in_time(server: LoopbackDiscord) -> None:
    """Of two processes one wins; too late, unknown, or of the wrong type is refused."""
    act = server.mint(2, server.member, server.channels[0])
    assert [await answer(server, act, {"type": 5}) for _ in range(2)] == [(204, 0), (400, 40060)]
    assert act.attempts == 2
    late = server.mint(2, server.member, server.channels[0], age_seconds=3.5)
    assert await answer(server, late, {"type": 5}) == (404, 10062)
    wrong = server.mint(2, server.member, server.channels[0])
    assert await answer(server, wrong, {"type": 6}) == (400, 50035)
    assert await answer(server, wrong, {"type": 4, "data": {"content": "x" * 2001}}) == (400, 50035)
    assert await answer(server, wrong, {"type": 9, "data": {"title": "x" * 46, "custom_id": "a"}}) == (400, 50035)
    assert len(server.refused) == 3


async def test_a_token_lives_for_its_time(server: LoopbackDiscord) -> None:
    """Before the acknowledgment and for strangers it is unknown, after its time it is invalid."""
    act = server.mint(2, server.member, server.channels[0])
    path = f"/webhooks/{server.application_id}/{act.token}"
    original = f"{path}/messages/@original"
    body = {"content": "x"}

    async def codes(method: str, where: str) -> tuple[int, int]:
        status, said = await send(server, method, where, body if method != "GET" else None)
        return status, int(said.get("code", 0))

    assert await codes("PATCH", original) == (404, 10015)
    await answer(server, act, {"type": 5, "data": {"flags": 64}})
    assert act.original is not None
    assert act.original.loading
    assert await codes("POST", path) == (200, 0), "the first followup edits what is thinking"
    assert (
        act.original.loading,
        act.original.ephemeral,
        act.original.content,
        act.followups,
    ) == (False, True, "x", [])
    assert await codes("PATCH", f"/channels/{act.channel.id}/messages/{act.original.id}") == (404, 10008)
    assert await codes("PATCH", f"{path}/messages/1") == (404, 10008)
    assert await codes("PATCH", f"/webhooks/{server.application_id}/nothing/messages/@original") == (404, 10015)
    server.expire(act)
    assert await codes("PATCH", original) == (401, 50027)
    assert await codes("POST", path) == (401, 50027)


async def test_places_that_the_bot_cannot_reach(server: LoopbackDiscord) -> None:
    """Foreign and private channels answer 403, unknown ones 404, a wrong token 401."""
    body = {"content": "x"}
    for channel in (server.foreign, server.private):
        status, said = await send(server, "POST", f"/channels/{channel.id}/messages", body)
        assert (status, said["code"]) == (403, 50001)
    server.channels[0].visible = False
    assert (await send(server, "POST", f"/channels/{server.channels[0].id}/messages", body))[0] == 403
    assert (await send(server, "POST", "/channels/1/messages", body))[0] == 404
    assert (await send(server, "GET", "/users/@me", token="wrong"))[0] == 401
    opened = await send(server, "POST", "/users/@me/channels", {"recipient_id": str(server.member.id)})
    assert (200, str(server.dm(server.member).id)) == (opened[0], opened[1]["id"])


async def test_user_installs_have_five_followups(server: LoopbackDiscord) -> None:
    """The sixth followup of a user-install is refused; edits are not counted."""
    server.wire.limits = False
    act = server.mint(2, server.member, server.private, user_installed=True)
    await answer(server, act, {"type": 4, "data": {"content": "x"}})
    path = f"/webhooks/{server.application_id}/{act.token}"
    codes = [(await send(server, "POST", path, {"content": "x"}))[0] for _ in range(6)]
    assert codes == [200] * 5 + [400]
    assert (await send(server, "PATCH", f"{path}/messages/@original", {"content": "y"}))[0] == 200


async def test_rate_limits_are_enforced(server: LoopbackDiscord) -> None:
    """The sixth request within the window gets 429, as from Discord and not from Cloudflare."""
    path = f"{server.api_url}/channels/{server.channels[0].id}/messages"
    headers = {"Authorization": f"Bot {server.token}"}
    left = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(6):
            async with session.post(path, json={"content": "x"}) as response:
                body = await response.json()
                left.append((response.status, response.headers["X-RateLimit-Remaining"]))
                assert response.headers["Content-Type"] == "application/json"
    assert [(200, str(n)) for n in (4, 3, 2, 1, 0)] + [(429, "0")] == left
    assert "Via" in response.headers
    assert 4 < body["retry_after"] <= 5
    assert len(server.rate_limited) == 1
    act = server.mint(2, server.member, server.channels[0])
    await answer(server, act, {"type": 5})
    original = f"/webhooks/{server.application_id}/{act.token}/messages/@original"
    statuses = [(await send(server, "PATCH", original, {"content": "x"}))[0] for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    globally = [(await send(server, "GET", "/users/@me"))[0] for _ in range(60)]
    assert 429 in globally


async def test_discord_py_obeys_the_rate_limit(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """A scripted 429 is taken for Discord's own, waited for, and the request sent again."""
    server.fail("POST", "/channels/*/messages", 429, {"retry_after": 0.05})
    channel = bot.get_partial_messageable(server.channels[0].id)
    await channel.send("hello")
    assert [one.status for one in server.requests if one.path.endswith("/messages")] == [429, 200]


async def test_scripted_failures_are_answered(server: LoopbackDiscord) -> None:
    """A request fails as told, so many times; one whose answer is lost has taken effect."""
    fault = server.fail("POST", "/channels/*", 403, {"code": 50013}, times=2)
    path = f"/channels/{server.channels[0].id}/messages"
    statuses = [(await send(server, "POST", path, {"content": "x"}))[0] for _ in range(3)]
    assert (statuses, fault.hits) == ([403, 403, 200], 2)
    server.fail("POST", "*/callback", 0, carried_out=True)
    act = server.mint(2, server.member, server.channels[0])
    with pytest.raises(aiohttp.ClientError):
        await answer(server, act, {"type": 5})
    assert act.response is not None
    endless = server.fail("GET", "/users/@me", 503, times=None)
    assert (await send(server, "GET", "/users/@me"))[0] == 503
    endless.stop()
    assert (await send(server, "GET", "/users/@me"))[0] == 200


@pytest.mark.parametrize(
    "lose",
    [lambda gateway: gateway.drop(), lambda gateway: gateway.drop(1000), lambda gateway: gateway.ask_to_reconnect()],
    ids=["cut", "closed", "op 7"],
)
async def test_a_lost_gateway_is_resumed(
    server: LoopbackDiscord, bot: commands.AutoShardedBot, lose: Callable[[Any], Any]
) -> None:
    """After a cut, a close or op 7 the session is resumed; what happened meanwhile is replayed."""
    await lose(server.gateway)
    act = await server.slash(server.member, server.channels[0], "mjstatus", {"task": "17"})
    await act.answered()
    await server.until(lambda: server.gateway.resumes == 1, 5)
    assert server.identifies == 1


async def test_two_bots_get_every_interaction(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """Two sessions on one token both answer; Discord takes the first."""
    async with running(server):
        await server.connected(2)
        act = await server.slash(server.member, server.channels[0], "zoom")
        await server.until(lambda: act.attempts == 2)
    codes = sorted((one.status, one.code) for one in server.requests if one.path.endswith("/callback"))
    assert codes == [(200, 0), (400, 40060)]


async def test_unknown_routes_are_noticed(server: LoopbackDiscord) -> None:
    """A route that the loopback lacks goes on the record, so that no test passes by it."""
    assert (await send(server, "GET", "/voice/regions"))[0] == 404
    assert [one.route for one in server.refused] == ["GET /voice/regions"]


async def test_commands_are_kept_and_checked(server: LoopbackDiscord) -> None:
    """Commands keep their ids across syncs; a wrong one is refused."""
    path = f"/applications/{server.application_id}/commands"
    one = {"name": "mj", "description": "d"}
    first = (await send(server, "PUT", path, [one]))[1]
    second = (await send(server, "PUT", path, [one]))[1]
    assert first[0]["id"] == second[0]["id"]
    assert (await send(server, "PUT", path, [{"name": "Mj", "description": "d"}]))[0] == 400
    made = (await send(server, "POST", path, {"name": "b", "description": "d"}))[1]
    changed = (await send(server, "PATCH", f"{path}/{made['id']}", {"description": "e"}))[1]
    assert changed["description"] == "e"
    assert await send(server, "DELETE", f"{path}/{made['id']}") == (204, None)
    assert [known["name"] for known in (await send(server, "GET", path))[1]] == ["mj"]


def one_button(**changes: object) -> dict[str, Any]:
    """A message with one button."""
    button = {"type": 2, "style": 2, "label": "U1", "custom_id": "a", **changes}
    return {"components": [{"type": 1, "components": [button]}]}


@pytest.mark.parametrize(
    "body",
    [
        one_button(label="x" * 81),
        one_button(custom_id=""),
        one_button(style=7),
        one_button(style="1"),
        one_button(emoji="🔄"),
        one_button(url="https://example.com/".ljust(513, "x")),
        {"components": [{"type": 1, "components": []}]},
        {"components": [{"type": 1, "components": one_button()["components"][0]["components"] * 6}]},
        {"components": [{"type": 2, "style": 2, "label": "x", "custom_id": "a"}]},
        {"components": [{"type": 99}]},
        {"embeds": [{"description": "x" * 5000}]},
        {"embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]},
        {"embeds": [{"color": 0x1000000}]},
        {"embeds": [{}] * 11},
        {"attachments": [{"id": "x"}]},
    ],
)
def test_bodies_are_checked_against_discords_openapi(body: dict[str, Any]) -> None:
    """What the OpenAPI document forbids is found, on every road by which a message goes."""
    hook = "/webhooks/{webhook_id}/{webhook_token}"
    assert schema_reasons("PATCH", "/channels/{channel_id}/messages/{message_id}", body)
    assert schema_reasons("POST", "/channels/{channel_id}/messages", body)
    assert schema_reasons("PATCH", hook + "/messages/@original", body)
    assert schema_reasons("POST", hook, body)
    callback = "/interactions/{interaction_id}/{interaction_token}/callback"
    assert schema_reasons("POST", callback, {"type": 4, "data": body})
    assert not schema_reasons("POST", callback, {"type": 4, "data": one_button(emoji={"id": 1, "name": "x"})})


async def test_an_edit_cannot_leave_an_empty_message(server: LoopbackDiscord) -> None:
    """Removing the last thing that a message shows is refused."""
    message = server.plant(server.channels[0], {"content": "x"})
    path = f"/channels/{message.channel.id}/messages/{message.id}"
    assert (await send(server, "PATCH", path, {"content": ""}))[1]["code"] == 50006
    assert (await send(server, "PATCH", path, {"embeds": [{"title": "t"}], "content": ""}))[0] == 200
    assert len(server.refused) == 1


async def test_a_layout_view_passes(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """A components v2 message of discord.py is taken, edited, and its button pressed."""
    layout = ui.LayoutView(timeout=None)
    section = ui.Section[ui.LayoutView](ui.TextDisplay("hello"), accessory=ui.Button(label="U1", custom_id="mj:u:3"))
    gallery = ui.MediaGallery[ui.LayoutView](discord.MediaGalleryItem("attachment://a.png"))
    layout.add_item(ui.Container(section, ui.Separator(), gallery))
    channel = bot.get_partial_messageable(server.channels[0].id)
    sent = await channel.send(view=layout, file=discord.File(io.BytesIO(PIXEL), "a.png"))
    await sent.edit(view=layout)
    assert server.refused == []
    assert [one["label"] for one in server.messages[sent.id].buttons] == ["U1"]


async def test_visibility_reaches_the_bot(server: LoopbackDiscord, bot: commands.AutoShardedBot) -> None:
    """A channel that is hidden from the bot is so in its cache too; managers are known by their role."""
    channel = bot.get_channel(server.channels[0].id)
    assert isinstance(channel, discord.TextChannel)
    await server.set_visible(server.channels[0], visible=False)
    await bot.wait_for("guild_channel_update", timeout=2)
    assert not channel.permissions_for(channel.guild.me).view_channel
    owner = await channel.guild.fetch_member(server.owner.id)
    member = await channel.guild.fetch_member(server.member.id)
    assert (owner.guild_permissions.manage_guild, member.guild_permissions.manage_guild) == (True, False)


async def test_the_gateway_speaks_discords_protocol(server: LoopbackDiscord) -> None:
    """HELLO, heartbeats, op 9, a strange session and a wrong token are answered as the gateway does."""
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11
        await socket.send_json({"op": 6, "d": {"token": server.token, "session_id": "none", "seq": 1}})
        assert await socket.receive_json() == {"op": 9, "d": False}
        await socket.send_json({"op": 2, "d": {"token": server.token, "intents": 1, "shard": [0, 1]}})
        assert [(await socket.receive_json())["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]
        await server.gateway.invalidate()
        assert await socket.receive_json() == {"op": 9, "d": False}
        assert server.gateway.sessions == {}
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 1}})
        assert (await socket.receive()).data == 4004
    assert server.identifies == 2


async def test_until_gives_up(server: LoopbackDiscord) -> None:
    """Waiting for what does not happen ends with a TimeoutError."""
    with pytest.raises(TimeoutError):
        await server.until(lambda: server.refused, 0.01)
