"""How the real process ends: when asked, when its token is refused, when its settings are wrong; and `check`."""

import signal
from pathlib import Path

import pytest
from aiohttp import web

from sandbox.relay import RelaySettings
from tests.fakes.socket_relay import CHECK, relay
from tests.worlds.processes import BOT, WireWorld, bot_process, open_wire_world

TOKEN = ".".join(("MTE4NzAwMDAwMDAwMDAwMDAwMQ", "Gabcde", "x" * 27))

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_process_with_work_under_way(tmp_path: Path, number: int) -> None:
    """Asked to stop, it ends with 0 within ten seconds: a drawing, a submit and a fetch under way, asked twice."""
    async with open_wire_world(
        tmp_path, RelaySettings(seconds_per_task=60, picture_side=192, submit_seconds=60)
    ) as world:
        grid, running = world.relay.add_task("grid"), world.relay.add_task(age=20)
        async with world.bot(command=BOT) as bot:
            finished = await world.shows(await world.follow(grid), "✅ Four")
            await world.shows(await world.follow(running), "🎨")
            await world.press(finished, "U1")
            await world.until(lambda: world.relay.submits)
            world.relay.script("list", delay=float("inf"), times=5)
            bot.send(number)
            await bot.line("Stopping")
            code, seconds = await bot.stop(number)
    assert (code, seconds < 10) == (0, True), seconds
    assert not bot.said("Traceback|never retrieved")


async def test_a_gateway_that_does_not_answer_delays_no_stop(world: WireWorld) -> None:
    """A gateway that never answers the farewell cannot keep the process from its end."""
    async with world.bot() as bot:
        for session in world.discord.gateway.connected:
            assert session.transport is not None
            session.transport.pause_reading()
        assert (await bot.stop())[1] < 10
    assert bot.code == 0


@pytest.mark.parametrize("where", ["rest", "gateway"])
async def test_a_refused_token_is_logged_and_the_exit_delayed(world: WireWorld, where: str) -> None:
    """A wrong token is one sentence; the process holds still, so that no platform restarts it in a storm, and ends."""
    changed = {"DISCORD_TOKEN": "not-the-token"}
    if where == "gateway":
        world.discord.gateway.token, changed = "another", {}
    async with bot_process(world.folder, world.env | changed) as bot:
        await bot.line("refuses DISCORD_TOKEN")
        with pytest.raises(TimeoutError):
            await bot.ended(0.5)
        code, seconds = await bot.stop()
    assert (code, seconds < 3) == (1, True), seconds
    assert len(bot.said("refuses DISCORD_TOKEN")) == 1
    assert not bot.said("Traceback|not-the-token")


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, ["DISCORD_TOKEN is not set", "MJ_API_KEY is not set", "Copy .env.example to .env"]),
        ({"DISCORD_TOKEN": "abc", "MJ_API_KEY": "sk 1secret"}, ["MJ_API_KEY is not a token"]),
        ({"DISCORD_TOKEN": "abc", "MJ_API_KEY": "k", "POLL_SECONDS": "1secret"}, ["POLL_SECONDS"]),
        ({"DISCORD_TOKEN": "abc", "MJ_API_KEY": "k", "ALLOWED_GUILDS": "1secret"}, ["ALLOWED_GUILDS"]),
        ({"DISCORD_TOKEN": "abc", "MJ_API_KEY": "k", "MJ_API_URL": "1secret"}, ["MJ_API_URL has no scheme"]),
        ({"DISCORD_TOKEN": "abc", "MJ_API_KEY": "k"}, ["DISCORD_TOKEN is not a bot's token"]),
        ({"DISCORD_TOKEN": TOKEN, "MJ_API_KEY": "k", "DATABASE_URL": "mysql://u:1secret@h/d"}, ["DATABASE_URL names"]),
    ],
)
async def test_wrong_settings_are_named(tmp_path: Path, env: dict[str, str], named: list[str]) -> None:
    """Each missing or malformed setting is one sentence with its name, never its value; the exit code is 2."""
    async with bot_process(tmp_path, env) as bot:
        code = await bot.ended()
    assert (code, len(bot.text)) == (2, len(named)), bot.text
    assert all(line.startswith(name) for line, name in zip(bot.text, named, strict=True)), bot.text
    assert not bot.said("1secret|Traceback")


async def test_mistakes_in_dotenv_are_named_with_their_effect(tmp_path: Path) -> None:
    """A quote that is not closed, and a misspelled name, explain what is missing."""
    text = 'DISCORD_TOKEN="1secret\nMJ_APIKEY=1secret\n'
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    async with bot_process(tmp_path, {}, "check") as bot:
        code = await bot.ended()
    named = ["DISCORD_TOKEN is not", "MJ_API_KEY is not", ".env, line 1 cannot", "MJ_APIKEY is not"]
    assert (code, len(bot.text)) == (2, len(named)), bot.text
    assert all(line.startswith(name) for line, name in zip(bot.text, named, strict=True)), bot.text
    assert not bot.said("1secret|Traceback|dotenv")


async def checked(world: WireWorld, *options: str, **changed: str) -> tuple[int, str]:
    """Run `check`; give the exit code and what it printed, which holds no secret."""
    async with world.bot("check", *options, **changed) as bot:
        code = await bot.ended()
    said = "\n".join(bot.text)
    env = world.env | changed
    for secret in (env["DISCORD_TOKEN"], env["MJ_API_KEY"], "pa55word"):
        assert secret not in said
    assert "Traceback" not in said
    return code, said


async def test_check_finds_everything_good(world: WireWorld) -> None:
    """Where all is well each thing has its line, and the invite link is there."""
    world.discord.public = False
    code, said = await checked(world)
    assert code == 0, said
    marks = {line[6:].split(":")[0]: line[:6].strip() for line in said.splitlines()}
    assert marks == {
        "Database": "ok",
        "Buttons": "ok",
        "API key": "ok",
        "Prices": "ok",
        "Balance": "note",
        "Discord token": "ok",
        "Gateway": "ok",
        "Commands": "ok",
        "Who may draw": "ok",
        f"Server Atelier ({world.discord.guild_id})": "ok",
        "Intents": "ok",
        "Invite link": "ok",
        "For your own account": "ok",
    }
    assert f"client_id={world.discord.application_id}" in said
    assert world.discord.identifies == 0, "no login of the gateway is used up"


async def test_check_reports_who_may_draw_where(world: WireWorld) -> None:
    """An id of another server, which locks out the operator's own, is a failure."""
    code, said = await checked(world, ALLOWED_GUILDS=str(world.discord.foreign_guild_id), DAILY_SUBMITS="1")
    assert code == 1, said
    own, other = world.discord.guild_id, world.discord.foreign_guild_id
    assert "ok    Who may draw: all members of 1 server (ALLOWED_GUILDS)" in said
    assert f"FAIL  Server Atelier ({own}): no one may draw, because ALLOWED_GUILDS names only other servers." in said
    assert f"FAIL  ALLOWED_GUILDS: {other} is no server that the bot has joined" in said


async def test_check_lets_refused_buttons_be_tried_again(world: WireWorld) -> None:
    """What the relay refused is listed by `check`, and forgotten with `--forget`."""
    async with world.bot():
        single = await world.shows(await world.follow(world.relay.add_task("single")), "✅ Upscaled")
        act = await world.discord.click(world.discord.owner, single, "❤️")
        await world.told(act)
        await world.until(lambda: single.button("❤️").get("disabled"))
    _, said = await checked(world)
    assert "disabled: Favorite" in said
    code, said = await checked(world, "--forget")
    assert code == 0, said
    assert "1 cleared" in said
    assert "the relay has refused none recently" in said


async def test_check_finds_what_is_wrong(world: WireWorld) -> None:
    """A bad token, key, balance, relay or database has its line with the next step, and the exit code is 1."""
    world.relay.script("fetch", 403, {"error": {"message": "user quota is not enough", "type": "new_api_error"}})
    code, balance = await checked(world)
    assert (code, "FAIL  API key: the balance of MJ_API_KEY is used up" in balance) == (1, True), balance
    code, token = await checked(world, DISCORD_TOKEN="not-the-token")
    assert (code, "FAIL  Discord token: refused" in token) == (1, True), token
    code, key = await checked(world, MJ_API_KEY="sk-wrong")
    assert (code, "FAIL  API key: the relay does not know MJ_API_KEY" in key) == (1, True), key


async def test_check_finds_what_is_away(world: WireWorld) -> None:
    """A relay, a database or a Discord that is not there has its line too."""
    world.relay.down = True
    code, relay = await checked(world)
    assert (code, "FAIL  Relay: " in relay) == (1, True), relay
    world.relay.down = False
    (world.folder / "file").touch()
    code, store = await checked(world, DATABASE_URL=f"sqlite:///{world.folder}/file/mjbot.db")
    assert (code, "FAIL  Database: " in store) == (1, True), store
    assert "ok    Discord token: accepted" in store, "one failure hides no other"
    code, relay = await checked(world, MJ_API_URL="http://mj.invalid")
    assert (code, "FAIL  Relay: this machine can't find the host mj.invalid." in relay) == (1, True), relay
    code, discord = await checked(world, DISCORD_API_URL="http://discord.invalid/api/v10")
    assert (code, "FAIL  Discord: this machine can't find the host discord.invalid." in discord) == (1, True), discord
    code, token = await checked(world, DISCORD_API_URL="", DISCORD_TOKEN="abcd")
    assert (code, "FAIL  Discord token: DISCORD_TOKEN isn't a bot token" in token) == (1, True), token
    code, discord = await checked(world, DISCORD_API_URL="http://127.0.0.1:9/api/v10")
    assert (code, "FAIL  Discord: " in discord) == (1, True), discord


async def test_check_names_the_address_of_a_relay_that_redirects(world: WireWorld) -> None:
    """The next step is to set it; a path that does not belong to the address is named too."""
    moved = web.Response(status=308, headers={"Location": f"{world.relay.url}{CHECK}"})
    async with relay(moved) as old:
        old.admits = False
        code, said = await checked(world, MJ_API_URL=f"{old.url}/v1/mj/submit")
    redirected = f"FAIL  Relay: {old.url} redirects to {world.relay.url}. Set MJ_API_URL to"
    assert (code, redirected in said) == (1, True), said
    assert "WARN  MJ_API_URL: ends in /v1/mj, which is left out" in said
    assert {seen.path for seen in old.seen} == {CHECK}
