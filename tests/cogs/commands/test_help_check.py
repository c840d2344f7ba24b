"""/mjhelp and /mjcheck, on discord.py's own machinery."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import MemberActor
from simcord.backend.errors import SetupError

from bot.errors import PictureForbidden
from bot.midjourney.capabilities import NO_ACCOUNT, SHORTAGE_LIFETIME
from bot.network.system_resolver import SystemResolver
from cogs.gateway.permissions import REQUIRED_PERMISSIONS, build_invite_url
from cogs.text import limits
from cogs.text.guidance import ENGLISH_PROMPTS
from cogs.text.permission_names import list_missing_permissions
from sandbox.relay import RelaySettings
from tests.fakes.catalog import find_untranslated
from tests.worlds.simcord import GUILD_ID, Actor, SimcordWorld, buttons, open_simcord_world


async def shown(w: SimcordWorld, name: str) -> discord.Embed:
    """Run a command as the member, and return the ephemeral response."""
    result = await w.slash(w.member, name)
    answer = result.response
    assert answer is not None
    assert answer.ephemeral
    return (await w.until(lambda: answer.embeds))[0]


def may_manage(w: SimcordWorld, member: MemberActor | None = None) -> None:
    """Let a member manage the server."""
    role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    w.env.backend.get_guild(GUILD_ID).members[(member or w.member).id].role_ids.append(role.id)


async def test_help_mentions_every_command(tmp_path: Path) -> None:
    """As a clickable mention with its description."""
    async with open_simcord_world(tmp_path) as w:
        text = (await shown(w, "mjhelp")).description or ""
        known = {command["name"]: command["id"] for command in w.env.backend.commands[None].values()}
        for command in w.app.bot.tree.walk_commands():
            if isinstance(command, discord.app_commands.Command):
                assert f"</{command.name}:{known[command.name]}> {command.description}" in text


async def test_help_groups_commands_by_price(tmp_path: Path) -> None:
    """Drawing comes first, then reading, then settings; all of it fits Discord's limits."""
    async with open_simcord_world(tmp_path) as w:
        embed = await shown(w, "mjhelp")
        groups = [group.splitlines() for group in (embed.description or "").split("\n\n")]
        named = {title: [re.split("[/:]", line)[1] for line in lines] for title, *lines in groups}
        assert named == {
            "**Draw (paid)**": ["imagine", "blend", "edit", "faceswap", "animate"],
            "**Read a picture or a prompt (paid)**": ["describe", "shorten"],
            "**Follow and look up (free)**": ["mjstatus", "mjtasks", "seed"],
            "**Settings and help (free)**": ["mjusage", "mjsettings", "mydata", "mjhelp", "mjcheck"],
            "**For moderators and managers (free)**": ["mjserver", "mjblock", "mjunblock", "mjpause", "mjresume"],
            "**For the operator (free)**": ["mjadmin"],
        }
        assert limits.length(embed.description or "") <= limits.EMBED_DESCRIPTION
        for field in embed.fields:
            assert limits.length(field.value or "") <= limits.FIELD_VALUE
        for field in embed.fields[:-1]:
            assert "paid" in (field.value or "")
            assert "free" in (field.value or "")
        assert (embed.fields[-1].name, "`/mydata`" in (embed.fields[-1].value or "")) == ("Privacy", True)


@pytest.mark.usefixtures("pseudo_language")
async def test_help_is_translated(tmp_path: Path) -> None:
    """Also the descriptions of commands, which Discord has too."""
    async with open_simcord_world(tmp_path) as w:
        result = await w.slash(w.member, "mjhelp")
        answer = result.response
        assert answer is not None
        embed = (await w.until(lambda: answer.embeds))[0]
        parts = [embed.title, embed.description, embed.footer.text]
        parts += [text for field in embed.fields for text in (field.name, field.value)]
        assert find_untranslated("\n".join(map(str, parts))) == []
        assert ENGLISH_PROMPTS in str(embed.footer.text)


async def test_help_works_without_command_mentions(tmp_path: Path) -> None:
    """Without their ids the commands are named all the same."""
    async with open_simcord_world(tmp_path) as w:
        w.env.inject_error("GET", "/applications/*/commands", status=503, times=None)
        assert "`/mjstatus` " in ((await shown(w, "mjhelp")).description or "")


async def test_check_reports_that_everything_works(tmp_path: Path) -> None:
    """Key, database, Discord, invite link and permissions each have a line."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w)
        found = await shown(w, "mjcheck")
        assert found.title == "✅ Everything works"
        for name in ("API key", "Database", "Discord", "Invite link", "Permissions here"):
            assert f"✅ **{name}**" in (found.description or "")


async def test_check_reports_failures_with_advice(tmp_path: Path) -> None:
    """A refused key and the missing permissions are named, with the next step."""
    async with open_simcord_world(tmp_path, mj_api_key="sk-another") as w:
        may_manage(w)
        granted = str(discord.Permissions(view_channel=True, send_messages=True).value)
        w.payloads = lambda payload: payload.update(app_permissions=granted)
        found = await shown(w, "mjcheck")
        text = found.description or ""
        assert found.title == "⚠️ Something needs fixing"
        assert "❌ **API key**" in text
        assert "MJ_API_KEY" in text
        assert "missing: Send Messages in Threads, Embed Links, Attach Files, Read Message History." in text


@pytest.mark.parametrize("key", ["", "sk-another"])
@pytest.mark.parametrize(("named", "known"), [({4711}, False), ({GUILD_ID}, True), (set(), False)])
async def test_check_hides_details_in_servers_of_strangers(
    tmp_path: Path, key: str, named: set[int], *, known: bool
) -> None:
    """The relay's URL and words are shown only in the operator's servers: a stranger may manage another one."""
    async with open_simcord_world(
        tmp_path, allowed_guilds=frozenset(named), mj_api_key=key or RelaySettings().key
    ) as w:
        may_manage(w)
        text = (await shown(w, "mjcheck")).description or ""
        [first, *_] = text.splitlines()
        relay_said = w.relay.url if not key else "refused"
        assert known == (relay_said in text)
        if not known:
            assert first == ("❌ **Relay**: does not work." if key else "✅ **Relay**: works.")
            assert "✅ **Database**: works." in text


@pytest.mark.parametrize(("named", "known"), [({4711}, False), ({GUILD_ID}, True)])
@pytest.mark.parametrize("host", ["cdn.discordapp.com", "pictures.example"])
async def test_check_reports_fake_ip_dns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, named: set[int], *, known: bool
) -> None:
    """With the host, what it resolves to, and the setting; also of a host whose picture was refused."""

    async def resolve(_: SystemResolver, name: str, port: int = 0, **__: object) -> list[dict[str, str | int]]:
        if name != host:
            raise OSError("unknown")
        return [{"host": "198.18.0.9", "port": port}]

    monkeypatch.setattr(SystemResolver, "resolve", resolve)
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset(named)) as w:
        may_manage(w)
        with pytest.raises(PictureForbidden):
            await w.app.pictures.download_bytes(f"http://{host}/a.png")
        found = await shown(w, "mjcheck")
        text = found.description or ""
        assert found.title == "⚠️ Something needs fixing"
        assert "❌ **Pictures**" in text
        assert known == (f"DNS gives {host} the address 198.18.0.9" in text)
        assert known == ("Set ALLOW_FAKE_IP_DNS=true" in text)


@pytest.mark.parametrize(("named", "known"), [({4711}, False), ({GUILD_ID}, True)])
async def test_check_reports_an_ephemeral_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: set[int], *, known: bool
) -> None:
    """The platform is named only in the operator's servers."""
    monkeypatch.setenv("DYNO", "worker.1")
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset(named)) as w:
        may_manage(w)
        found = await shown(w, "mjcheck")
        text = found.description or ""
        assert found.title == "⚠️ Something needs fixing"
        assert "❌ **Disk**" in text
        assert known == ("Heroku" in text)
        assert known == ("heroku addons:create heroku-postgresql" in text)


@pytest.mark.parametrize(
    ("error", "said", "named", "known"),
    [
        (timedelta(minutes=20), "20 min fast", {GUILD_ID}, True),
        (timedelta(minutes=20), "20 min fast", {4711}, False),
        (timedelta(days=-365), "365 days slow", {GUILD_ID}, True),
        (timedelta(seconds=2), "", {GUILD_ID}, True),
    ],
)
async def test_check_reports_a_wrong_clock(
    tmp_path: Path, error: timedelta, said: str, named: set[int], *, known: bool
) -> None:
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset(named)) as w:
        may_manage(w)
        cog: Any = w.app.bot.get_cog("HelpCheckCog")
        wrong = replace(cog._reporter.clock, measure_system_error=lambda: error)
        cog._reporter = replace(cog._reporter, clock=wrong)
        found = await shown(w, "mjcheck")
        text = found.description or ""
        if said and known:
            assert f"❌ **Clock**: this machine's clock is {said}, compared with Discord's.\n**Next:** Set" in text
            assert found.title == "⚠️ Something needs fixing"
        else:
            assert "Clock" not in text


@pytest.mark.parametrize(("named", "known"), [({4711}, False), ({GUILD_ID}, True)])
async def test_check_can_clear_refused_buttons(tmp_path: Path, named: set[int], *, known: bool) -> None:
    """Managers of the operator's servers see what the relay refuses, and clear it with one click."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset(named)) as w:
        may_manage(w)
        now = w.clock.now()
        for what in ("mj::bookmark", "cancel"):
            await w.app.store.save_missing_capability(
                what, "unknown_action", at=now, until=now.replace(year=now.year + 1)
            )
        result = await w.slash(w.member, "mjcheck")
        answer = result.response
        assert answer is not None
        await w.until(lambda: answer.embeds)
        seen = await w.titled(answer.id, "✅ Everything works" if known else "⚠️ Something needs fixing")
        assert known == ("Favorite" in (seen.embeds[0].description or ""))
        assert known == ("it only stops watching" in (seen.embeds[0].description or ""))
        assert known == bool(list(buttons(seen)))
        if known:
            await w.click(w.member, seen, "Try refused buttons again")
            await w.until(lambda: not list(buttons(w.message(answer.id) or seen)))
            assert await w.app.store.find_missing_capabilities(now) == {}
        assert not w.env.errors


@pytest.mark.parametrize(("named", "known"), [({4711}, False), ({GUILD_ID}, True)])
async def test_check_reports_a_shortage_of_accounts(tmp_path: Path, named: set[int], *, known: bool) -> None:
    """Managers of the operator's servers see it; it does not enable the retry button."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset(named)) as w:
        may_manage(w)
        at = w.clock.now()
        await w.app.store.save_missing_capability(NO_ACCOUNT, "no account", at=at, until=at + SHORTAGE_LIFETIME)
        result = await w.slash(w.member, "mjcheck")
        assert result.response is not None
        seen = await w.titled(result.response.id, "✅" if known else "⚠️")
        found = seen.embeds[0]
        assert not list(buttons(seen))
        said = f"**Accounts**: the relay last said at {at:%H:%M} UTC that no Midjourney account was free."
        assert known == (said in (found.description or ""))


ANOTHER_ID = GUILD_ID + 5


@pytest.mark.parametrize(
    ("changes", "manages", "title", "said"),
    [
        (
            {},
            False,
            "✅ Everything works",
            "✅ **Drawing here**: this server may draw, because ALLOWED_GUILDS names it.",
        ),
        (
            {"allowed_guilds": frozenset({ANOTHER_ID})},
            True,
            "⚠️ Something needs fixing",
            (
                "❌ **Drawing here**: no one may draw, because ALLOWED_GUILDS names only other servers.\n**Next:** To "
                f"allow it, add {GUILD_ID} to ALLOWED_GUILDS and restart the bot."
            ),
        ),
        (
            {"allowed_guilds": frozenset({GUILD_ID, ANOTHER_ID})},
            True,
            "⚠️ Something needs fixing",
            f"❌ **ALLOWED_GUILDS**: {ANOTHER_ID} is no server that the bot has joined, so no one may draw there.",
        ),
        (
            {"allowed_guilds": frozenset()},
            False,
            "⚠️ Something needs fixing",
            (
                "❌ **Drawing here**: no one may draw in this server.\n**Next:** Ask the person who runs this bot to "
                f"add this server's id, `{GUILD_ID}`, to `ALLOWED_GUILDS`."
            ),
        ),
        (
            {"allowed_guilds": frozenset()},
            True,
            "✅",
            "this server may draw, because you or your team own or manage it.",
        ),
        ({"daily_submits": 0}, False, "⚠️ Something needs fixing", "⚠️ **Who may draw**: no one, because"),
    ],
)
async def test_check_says_whether_members_may_draw_here(
    tmp_path: Path, changes: dict[str, Any], title: str, said: str, *, manages: bool
) -> None:
    """For the reason that a press meets; the setting is named only in the operator's servers."""
    async with open_simcord_world(tmp_path, **changes) as w:
        may_manage(w)
        if manages:
            may_manage(w, w.owner)
        found = await shown(w, "mjcheck")
        assert (found.title or "").startswith(title)
        assert said in (found.description or "")


async def test_check_lists_other_servers_to_the_operator_only(tmp_path: Path) -> None:
    """Other managers of the operator's servers are told of their own server."""
    async with open_simcord_world(tmp_path) as w:
        w.env.create_guild("A_B", id=ANOTHER_ID)
        await w.until(lambda: w.app.bot.get_guild(ANOTHER_ID))
        may_manage(w)
        may_manage(w, w.owner)
        line = f"⚠️ **Server A\\_B ({ANOTHER_ID})**: no one may draw, because ALLOWED_GUILDS names only other servers."
        for actor, told in ((w.owner, True), (w.member, False)):
            result = await w.slash(actor, "mjcheck")
            answer = result.response
            assert answer is not None
            [embed] = await w.until(lambda answer=answer: answer.embeds)  # type: ignore[misc]
            assert told == (line in (embed.description or ""))


async def test_help_says_who_may_draw_here_and_how_much(tmp_path: Path) -> None:
    """And to a person who may not, why; the operator is addressed as "you"."""
    async with open_simcord_world(tmp_path) as w:
        assert (await who_may_draw(w, w.member)).startswith(
            "All members of this server may use paid commands and buttons: 30 jobs a day (UTC) for each person and 500 "
            "for all together, no wait between two."
        )
        await w.restart(allowed_guilds=frozenset({ANOTHER_ID}), press_policy="requester", daily_submits_per_person=1)
        assert (await who_may_draw(w, w.member)).startswith("This server isn't allowed to use paid commands yet.")
        assert f"Add this one's id, `{GUILD_ID}`" in await who_may_draw(w, w.owner)
        assert (await who_may_draw(w, w.owner.user)).startswith("You may use paid commands and buttons: 1 job a day")


async def who_may_draw(w: SimcordWorld, actor: Actor) -> str:
    """Return what /mjhelp tells a person about who may draw."""
    result = await w.slash(actor, "mjhelp")
    answer = result.response
    assert answer is not None
    [embed] = await w.until(lambda: answer.embeds)
    return next(field.value or "" for field in embed.fields if field.name == "Who may draw")


async def test_check_is_hidden_from_other_members(tmp_path: Path) -> None:
    """Others are not even offered it."""
    async with open_simcord_world(tmp_path) as w:
        with pytest.raises(SetupError, match="default-member-permissions"):
            await w.slash(w.stranger, "mjcheck")


def test_missing_permissions_are_listed_by_name() -> None:
    """Nothing is missing with the required permissions, and all of them without any."""
    assert list_missing_permissions(REQUIRED_PERMISSIONS) == []
    assert list_missing_permissions(discord.Permissions.all()) == []
    assert len(list_missing_permissions(discord.Permissions.none())) == REQUIRED_PERMISSIONS.value.bit_count()


def test_the_invite_link_requests_only_required_permissions() -> None:
    """It names the application, both scopes and exactly those permissions."""
    link = build_invite_url(4711)
    assert "client_id=4711" in link
    assert f"permissions={REQUIRED_PERMISSIONS.value}" in link
    assert "scope=bot+applications.commands" in link


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (404, 0), (400, 50035)])
async def test_unknown_owners_are_named_to_everyone(tmp_path: Path, status: int, code: int) -> None:
    """While Discord does not tell who they are, the report says so, and a refusal does not blame the settings."""
    async with open_simcord_world(tmp_path) as w:
        w.env.inject_error("GET", "/oauth2/applications/@me", status=status, code=code, times=None)
        w.tells_owner = False
        may_manage(w)
        await w.restart(allowed_guilds=frozenset())
        await w.until(lambda: "not asked yet" not in w.app.owner_request.find_problem())
        found = await shown(w, "mjcheck")
        assert "**Owners**: Discord doesn't tell who owns this application (" in (found.description or "")
        assert "so nobody may draw" in (found.description or "")
        told = await w.told(await w.slash(w.member, "imagine", prompt="a barn"))
        assert "Discord hasn't told me who my operator is" in told
