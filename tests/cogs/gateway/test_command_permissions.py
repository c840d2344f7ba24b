"""Who may use which command, by a server's Integrations page."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from cogs.gateway.command_permissions import (
    CommandPermissions,
    CommandUser,
    Denial,
    Overwrites,
    find_denial,
)
from tests.fakes.clock import FakeClock
from tests.pictures import draw_noise, encode
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world

GUILD, APPLICATION, IMAGINE, MEMBER, CHANNEL, ROLE, OTHER_ROLE = 1000, 50, 60, 7, 300, 401, 402
EVERYONE, ALL_CHANNELS = GUILD, GUILD - 1
MEMBERS = discord.Permissions(use_application_commands=True)
NOTHING = Overwrites()
PICTURE = encode(draw_noise(120, 80))


def user(**changes: Any) -> CommandUser:  # noqa: ANN401
    given: dict[str, Any] = {
        "guild_id": GUILD,
        "person_id": MEMBER,
        "role_ids": (EVERYONE, ROLE, OTHER_ROLE),
        "channel_id": CHANNEL,
        "permissions": MEMBERS,
    }
    return CommandUser(**given | changes)


def roles(**allowed: bool) -> Overwrites:
    names = {"everyone": EVERYONE, "role": ROLE, "other": OTHER_ROLE, "foreign": 999}
    return Overwrites(roles={names[name]: value for name, value in allowed.items()})


def people(*, allowed: bool) -> Overwrites:
    return Overwrites(people={MEMBER: allowed, 8: not allowed})


def channels(**allowed: bool) -> Overwrites:
    names = {"here": CHANNEL, "all": ALL_CHANNELS, "elsewhere": 301}
    return Overwrites(channels={names[name]: value for name, value in allowed.items()})


def join(*parts: Overwrites) -> Overwrites:
    return Overwrites(
        roles={key: value for part in parts for key, value in part.roles.items()},
        people={key: value for part in parts for key, value in part.people.items()},
        channels={key: value for part in parts for key, value in part.channels.items()},
    )


@pytest.mark.parametrize(
    ("own", "general", "expected"),
    [
        (NOTHING, NOTHING, None),
        # A person counts more than their roles, one allowed role more than a denied one, roles more than everyone.
        (people(allowed=False), NOTHING, Denial("person", MEMBER)),
        (join(people(allowed=True), roles(role=False, everyone=False)), NOTHING, None),
        (join(people(allowed=False), roles(role=True, everyone=True)), NOTHING, Denial("person", MEMBER)),
        (roles(role=False), NOTHING, Denial("role", ROLE)),
        (roles(role=False, other=True), NOTHING, None),
        (roles(role=False, other=False), NOTHING, Denial("role", ROLE)),
        (roles(everyone=False), NOTHING, Denial("role", EVERYONE)),
        (roles(everyone=False, role=True), NOTHING, None),
        (roles(everyone=True, role=False), NOTHING, Denial("role", ROLE)),
        (roles(everyone=False, foreign=True), NOTHING, Denial("role", EVERYONE)),
        (roles(foreign=False), NOTHING, None),
        # A channel counts more than all channels.
        (channels(here=False), NOTHING, Denial("channel", CHANNEL)),
        (channels(all=False), NOTHING, Denial("channel", ALL_CHANNELS)),
        (channels(all=False, here=True), NOTHING, None),
        (channels(all=True, here=False), NOTHING, Denial("channel", CHANNEL)),
        (channels(elsewhere=False), NOTHING, None),
        (channels(all=False, elsewhere=True), NOTHING, Denial("channel", ALL_CHANNELS)),
        # Both must allow it.
        (join(channels(here=False), people(allowed=True)), NOTHING, Denial("channel", CHANNEL)),
        (join(channels(here=True), roles(role=False)), NOTHING, Denial("role", ROLE)),
        # The command's own overwrites count more than the general ones.
        (NOTHING, roles(role=False), Denial("role", ROLE, is_for_all=True)),
        (NOTHING, people(allowed=False), Denial("person", MEMBER, is_for_all=True)),
        (NOTHING, channels(all=False), Denial("channel", ALL_CHANNELS, is_for_all=True)),
        (roles(everyone=True), people(allowed=False), None),
        (people(allowed=True), roles(everyone=False), None),
        (channels(all=True), channels(here=False), None),
        (channels(elsewhere=True), channels(here=False), Denial("channel", CHANNEL, is_for_all=True)),
        (roles(role=True), channels(here=False), Denial("channel", CHANNEL, is_for_all=True)),
        (roles(everyone=False), people(allowed=True), Denial("role", EVERYONE)),
        (roles(foreign=False), roles(everyone=False), Denial("role", EVERYONE, is_for_all=True)),
    ],
)
def test_the_order_of_overwrites(own: Overwrites, general: Overwrites, expected: Denial | None) -> None:
    assert find_denial(own, general, user(), None) == expected
    for permissions, is_owner in ((discord.Permissions(administrator=True), False), (MEMBERS, True)):
        assert find_denial(own, general, user(permissions=permissions, is_owner=is_owner), None) is None


@pytest.mark.parametrize(
    ("own", "general", "granted", "required", "is_allowed"),
    [
        (NOTHING, NOTHING, MEMBERS, discord.Permissions(manage_guild=True), False),
        (NOTHING, NOTHING, discord.Permissions(manage_guild=True), discord.Permissions(manage_guild=True), True),
        (roles(role=True), NOTHING, MEMBERS, discord.Permissions(manage_guild=True), True),
        (roles(everyone=True), NOTHING, MEMBERS, discord.Permissions(manage_guild=True), True),
        (NOTHING, roles(role=True), MEMBERS, discord.Permissions(manage_guild=True), False),
        (NOTHING, NOTHING, discord.Permissions.all_channel(), discord.Permissions(0), False),
        (people(allowed=True), NOTHING, MEMBERS, discord.Permissions(0), True),
    ],
)
def test_what_members_need_by_default(
    own: Overwrites,
    general: Overwrites,
    granted: discord.Permissions,
    required: discord.Permissions,
    is_allowed: bool,  # noqa: FBT001
) -> None:
    """Only an overwrite of the command itself replaces it; no permission at all stands for administrators only."""
    found = find_denial(own, general, user(permissions=granted), required)
    assert found == (None if is_allowed else Denial("default"))


def entry(kind: int, target_id: int, *, allowed: bool) -> dict[str, Any]:
    return {"type": kind, "id": str(target_id), "permission": allowed}


class Pages:
    """A CommandPermissions, and Discord's answers to it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pages: dict[int, object] = {}
        self.asked: list[int] = []
        self.named = 0
        self.before_answer: Callable[[], None] = lambda: None
        http = SimpleNamespace(
            get_guild_application_command_permissions=self._get_page, get_global_commands=self._get_names
        )
        tree = SimpleNamespace(get_command={}.get)
        bot: Any = SimpleNamespace(application_id=APPLICATION, http=http, tree=tree)
        self.permissions = CommandPermissions(bot, self.clock.clock)

    async def _get_page(self, application_id: int, guild_id: int) -> object:
        assert application_id == APPLICATION
        self.asked.append(guild_id)
        page = self.pages.get(guild_id, [])
        self.before_answer()
        if isinstance(page, Exception):
            raise page
        return page

    async def _get_names(self, _: int) -> Sequence[Mapping[str, Any]]:
        self.named += 1
        return [{"id": str(IMAGINE), "name": "imagine", "type": 1}, {"id": "61", "name": "Describe this", "type": 3}]

    def set_page(self, *entries: dict[str, Any], target_id: int = IMAGINE, guild_id: int = GUILD) -> None:
        self.pages[guild_id] = [{"id": str(target_id), "permissions": list(entries)}]

    async def change(
        self, *entries: dict[str, Any], target_id: int = IMAGINE, application_id: int = APPLICATION
    ) -> None:
        """Send a change by the gateway."""
        told = [
            SimpleNamespace(type=SimpleNamespace(value=one["type"]), id=int(one["id"]), permission=one["permission"])
            for one in entries
        ]
        event: Any = SimpleNamespace(
            application_id=application_id, target_id=target_id, guild=SimpleNamespace(id=GUILD), permissions=told
        )
        await self.permissions.on_raw_app_command_permissions_update(event)

    async def join(self, guild_id: int = GUILD) -> None:
        guild: Any = SimpleNamespace(id=guild_id)
        await self.permissions.on_guild_available(guild)

    @property
    def is_denied(self) -> bool:
        return self.permissions.find_denial(user(), "imagine") is not None


@pytest.fixture
async def pages() -> Pages:
    return Pages()


DENIED = entry(1, ROLE, allowed=False)


class Response:
    status = 0
    reason = ""


def http_error(status: int) -> discord.HTTPException:
    response: Any = Response()
    response.status = status
    return discord.HTTPException(response, "no")


async def run(pages: Pages, seconds: float) -> None:

    running = asyncio.ensure_future(pages.permissions.run())
    await pages.clock.advance(seconds)
    running.cancel()


async def test_a_page_is_read_when_its_server_becomes_available(pages: Pages) -> None:
    pages.set_page(DENIED)
    await pages.join()
    assert not pages.is_denied
    await run(pages, 1)
    assert pages.is_denied
    assert (pages.asked, pages.named) == ([GUILD], 1)
    assert pages.permissions.list_overwrites(GUILD) == {"/imagine": Overwrites(roles={ROLE: False})}
    assert pages.permissions.list_overwrites(GUILD + 1) is None


async def test_a_press_where_no_page_is_known_does_not_wait(pages: Pages) -> None:
    """Discord is asked in the background, once for many presses, and before other servers."""
    pages.set_page(DENIED)
    await pages.join(GUILD + 1)
    assert [pages.is_denied for _ in range(50)] == [False] * 50
    assert pages.asked == []
    await run(pages, 1)
    assert pages.asked == [GUILD, GUILD + 1]
    assert pages.is_denied


async def test_a_change_holds_at_once(pages: Pages) -> None:
    """The event has all entries of one command; those of another application are not ours."""
    await pages.join()
    await run(pages, 1)
    await pages.change(DENIED)
    assert pages.is_denied
    await pages.change(DENIED, target_id=APPLICATION)
    await pages.change()
    assert pages.is_denied
    await pages.change(target_id=APPLICATION)
    assert not pages.is_denied
    await pages.change(DENIED, application_id=51)
    assert not pages.is_denied
    assert pages.asked == [GUILD]


async def test_an_answer_that_may_be_older_than_a_change_does_not_undo_it(pages: Pages) -> None:
    """The page is read again then."""
    await pages.join()
    await run(pages, 1)
    loop_changes = [pages.change(DENIED)]

    def change_meanwhile() -> None:
        for change in loop_changes:
            with pytest.raises(StopIteration):
                change.send(None)
        loop_changes.clear()

    pages.before_answer = change_meanwhile
    await pages.join()
    await run(pages, 0.1)
    assert pages.is_denied
    pages.set_page(DENIED)
    await run(pages, 1)
    assert pages.is_denied
    assert pages.asked == [GUILD] * 3


@pytest.mark.parametrize("failure", [http_error(503), http_error(429), OSError(), TimeoutError(), {"id": 1}, [{}]])
async def test_while_a_page_cannot_be_read_the_last_known_one_holds(pages: Pages, failure: object) -> None:
    """It is read again after growing pauses, not for every press."""
    pages.set_page(DENIED)
    await pages.join()
    await run(pages, 1)
    pages.pages[GUILD] = failure
    await pages.join()
    await run(pages, 600)
    assert pages.is_denied
    assert 5 < len(pages.asked) < 10
    pages.set_page()
    await run(pages, 600)
    assert not pages.is_denied


async def test_a_page_that_is_refused_is_not_asked_for_again_and_again(pages: Pages) -> None:
    """Until the server becomes available again, what Discord does without a page holds."""
    pages.pages[GUILD] = http_error(403)
    await pages.join()
    await run(pages, 1)
    assert not any(pages.is_denied for _ in range(50))
    await run(pages, 600)
    assert pages.asked == [GUILD]
    pages.set_page(DENIED)
    await pages.join()
    await run(pages, 1)
    assert pages.is_denied


async def test_a_command_that_is_not_known_yet_is_looked_up(pages: Pages) -> None:
    """A first start registers the commands after the servers are available. Removed ones are asked for rarely."""
    await pages.join()
    await run(pages, 1)
    pages.set_page(DENIED, target_id=77)
    await pages.change(DENIED, target_id=77)
    await run(pages, 1)
    assert pages.named == 1
    await pages.clock.advance(600)
    await pages.join()
    await run(pages, 1)
    assert pages.named == 2


async def test_a_server_that_the_bot_left_is_forgotten(pages: Pages) -> None:
    pages.set_page(DENIED)
    await pages.join()
    await run(pages, 1)
    guild: Any = SimpleNamespace(id=GUILD)
    await pages.permissions.on_guild_remove(guild)
    assert pages.permissions.list_overwrites(GUILD) is None


def find_command(w: SimcordWorld, name: str) -> int:
    return next(int(one["id"]) for one in w.env.backend.commands[None].values() if one["name"] == name)


async def test_a_member_who_is_denied_imagine_cannot_press_v1(tmp_path: Path) -> None:
    """The event tells it; nothing is sent, and another member may press."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.finished(w.relay.add_task("grid"))
        sent = w.relay_requests
        payload = {
            "id": str(find_command(w, "imagine")),
            "application_id": str(w.app.bot.application_id),
            "guild_id": str(GUILD_ID),
            "permissions": [entry(2, w.stranger.id, allowed=False)],
        }
        w.env.backend.emit("APPLICATION_COMMAND_PERMISSIONS_UPDATE", payload)
        await w.until(lambda: w.app.command_permissions.list_overwrites(GUILD_ID))
        text = await w.told(await w.click(w.stranger, message, "V1"))
        assert text == (
            "This server doesn't let you use `/imagine` here, nor the buttons that draw. Its managers can change that "
            "under **Server Settings**, **Integrations**. You weren't charged."
        )
        assert w.relay_requests == sent
        pressed = await w.click(w.member, message, "V1")
        await w.until(lambda: pressed.followups)
        assert not w.env.errors


async def test_the_pages_are_read_at_the_start(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        w.guild.set_command_permissions(find_command(w, "imagine"), {w.stranger: False})
        await w.restart()
        await w.until(lambda: w.app.command_permissions.list_overwrites(GUILD_ID))
        found = w.app.command_permissions.list_overwrites(GUILD_ID)
        assert found == {"/imagine": Overwrites(people={w.stranger.id: False})}
        assert w.requests("GET", f"/guilds/{GUILD_ID}/commands/permissions") == 2
        assert (w.app.bot.is_in_guild(GUILD_ID), w.app.bot.is_in_guild(4711)) == (True, False)


def deny(w: SimcordWorld, name: str, *, is_menu: bool = False) -> None:
    """Tell the bot that the server's page denies a command to the member."""
    kind = 3 if is_menu else 1
    known = w.env.backend.commands[None].values()
    command_id = next(str(one["id"]) for one in known if one["name"] == name and one.get("type", 1) == kind)
    payload = {
        "id": command_id,
        "application_id": str(w.app.bot.application_id),
        "guild_id": str(GUILD_ID),
        "permissions": [entry(2, w.member.id, allowed=False)],
    }
    w.env.backend.emit("APPLICATION_COMMAND_PERMISSIONS_UPDATE", payload)


async def known_denial(w: SimcordWorld, name: str, *, is_menu: bool = False) -> None:
    """Deny a command, and wait until the bot knows."""
    deny(w, name, is_menu=is_menu)
    shown = name if is_menu else f"/{name}"
    await w.until(lambda: shown in (w.app.command_permissions.list_overwrites(GUILD_ID) or {}))


async def test_a_member_who_is_denied_imagine_draws_no_description(tmp_path: Path) -> None:
    """A description has buttons that draw pictures: they need /imagine, not only /describe."""
    async with open_simcord_world(tmp_path) as w:
        described = await w.followed(w.relay.add_task("describe"))
        await known_denial(w, "imagine")
        assert "`/imagine`" in await w.told(await w.click(w.member, described, "Imagine all"))
        form = await w.click(w.member, described, "1️⃣")
        assert "`/imagine`" in await w.told(await w.submit(w.member, form, "a fox at dawn"))
        assert w.relay.submits == []


async def test_a_question_about_v1_needs_imagine_when_it_is_answered(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, prices="variation=0.5, currency=USD", confirm_above="0.3") as w:
        grid = await w.finished(w.relay.add_task("grid"))
        question = await w.question(await w.click(w.member, grid, "V1"), "Draw")
        await known_denial(w, "imagine")
        answer = await w.click(w.member, question, "Draw")
        await w.until(lambda: answer.followups)
        assert "`/imagine`" in answer.followups[0].content
        assert w.relay.submits == []


@pytest.mark.parametrize(
    ("name", "options"),
    [("imagine", {"prompt": "a fox"}), ("shorten", {"prompt": "a very red fox"})],
)
async def test_a_question_needs_its_command_when_it_is_answered(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    async with open_simcord_world(tmp_path, prices="imagine=0.5, shorten=0.5, currency=USD", confirm_above="0.3") as w:
        question = await w.question(await w.slash(w.member, name, **options), "Draw")
        await known_denial(w, name)
        answer = await w.click(w.member, question, "Draw")
        await w.until(lambda: answer.followups)
        assert f"`/{name}`" in answer.followups[0].content
        assert w.relay.submits == []


@pytest.mark.parametrize(("denied", "is_menu"), [("blend", False), ("Blend with ...", True)])
async def test_a_form_needs_the_menu_and_its_command_when_it_is_sent(
    tmp_path: Path, denied: str, *, is_menu: bool
) -> None:
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=[("fox.png", PICTURE), ("owl.png", PICTURE)])
        shown = await w.menu(w.member, message, "Blend with ...")
        assert shown.response is not None
        form = await w.click(w.member, await w.titled(shown.response.id, "Blend with ..."), "Add pictures")
        await known_denial(w, denied, is_menu=is_menu)
        assert f"{denied}`" in await w.told(await w.act(w.member.submit_modal(form, {"shape": ["SQUARE"]})))
        assert w.relay.submits == []
        assert f"{denied}`" in await w.told(await w.menu(w.member, message, "Blend with ..."))


async def test_the_menu_that_describes_needs_describe(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=[("fox.png", PICTURE)])
        await known_denial(w, "describe")
        assert "`/describe`" in await w.told(await w.menu(w.member, message, "Describe this image"))
        assert w.relay.submits == []
