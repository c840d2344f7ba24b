"""/mjserver, on discord.py's own machinery and a real database."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from bot.entities import (
    AgePolicy,
    CostKind,
    LimitSetting,
    Period,
    RuleChange,
    ServerAccess,
    ServerGrant,
    ServerRules,
)
from bot.languages import Language
from bot.money import PriceSetting
from tests.fakes.catalog import find_untranslated
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world, rows, title_of

DAY, MONTH = Period.DAY, Period.MONTH


def make_manager(w: SimcordWorld, member: MemberActor) -> None:
    role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    w.env.backend.get_guild(GUILD_ID).members[member.id].role_ids.append(role.id)


async def set_guided(w: SimcordWorld, **changes: Any) -> None:  # noqa: ANN401
    """Store rules of a server whose guide was answered."""
    await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (ServerRules(guided=True, **changes), ()))


async def rules(w: SimcordWorld) -> ServerRules:
    return (await w.app.store.rules.find_rules(GUILD_ID, 1)).server


async def audit(w: SimcordWorld) -> list[tuple[str, str, str]]:
    """Return the changes, oldest first: what, before, after."""
    rows_ = await w.app.store.rules.list_changes(GUILD_ID, 50)
    assert all(isinstance(row, RuleChange) for row in rows_)
    return [(row.what, row.before, row.after) for row in reversed(rows_)]


async def opened(
    w: SimcordWorld, actor: MemberActor | None = None, *, title: str = "Server settings"
) -> discord.Message:
    """Run the command and return its panel."""
    answer = await w.slash(actor or w.member, "mjserver")
    panel = answer.response
    assert panel is not None
    assert panel.ephemeral
    return await w.titled(panel.id, title)


def find_id(w: SimcordWorld, panel: discord.Message, action: str) -> str:
    """Return the custom_id of the component that does this, in the panel as it is now."""
    now = w.message(panel.id) or panel
    parts = [part for row in now.components for part in getattr(row, "children", [])]
    return next(str(part.custom_id) for part in parts if str(part.custom_id).split(":")[5] == action)


async def pick(
    w: SimcordWorld, panel: discord.Message, action: str, values: Sequence[Any], actor: MemberActor | None = None
) -> InteractionResult:
    """Choose values in a menu of the panel."""
    who = actor or w.member
    return await w.act(who.select(w.message(panel.id) or panel, values, custom_id=find_id(w, panel, action)))


async def turn_to(w: SimcordWorld, panel: discord.Message, page: str) -> None:
    await pick(w, panel, "page", [page])
    await w.titled(panel.id, f"Server settings: {page.title()}")


def shown(w: SimcordWorld, panel: discord.Message) -> str:
    """Return all that the panel says now."""
    now = w.message(panel.id) or panel
    embed = now.embeds[0]
    texts = [now.content, embed.title, embed.description, *(f"{one.name}: {one.value}" for one in embed.fields)]
    return "\n".join(filter(None, texts))


async def says(w: SimcordWorld, panel: discord.Message, *words: str) -> str:
    """Wait until the panel says these words."""
    return await w.until(lambda: shown(w, panel) if all(word in shown(w, panel) for word in words) else None)


async def fill(
    w: SimcordWorld, form: InteractionResult, values: dict[str, str], actor: MemberActor | None = None
) -> InteractionResult:
    assert form.modal is not None
    return await w.act((actor or w.member).submit_modal(form, values))


async def test_the_first_panel_is_a_guide(tmp_path: Path) -> None:
    """Who, where, how much, done; later ones are the settings."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        panel = await opened(w, title="Set up this server, 1 of 3: Who may draw?")
        role = w.guild.create_role("artists")
        await pick(w, panel, "allow", [role])
        await says(w, panel, "✅ Saved: roles that may draw.", "1 of 3")
        await w.click(w.member, w.message(panel.id) or panel, "Next: Where?")
        panel = await w.titled(panel.id, "Set up this server, 2 of 3: Where?")
        await w.click(w.member, panel, "Next: How much?")
        panel = await w.titled(panel.id, "Set up this server, 3 of 3: How much?")
        await w.click(w.member, panel, "Limits of every member")
        await says(w, panel, "Limits of **every member**", "3 of 3")
        await w.click(w.member, w.message(panel.id) or panel, "Back")
        await says(w, panel, "Budget, set by the operator")
        await w.click(w.member, w.message(panel.id) or panel, "Done")
        await says(w, panel, "Server settings: Who", "nothing needs a restart")
        assert await rules(w) == ServerRules(allowed_roles=frozenset({role.id}), guided=True)
        assert await audit(w) == [("roles that may draw", "everyone", f"<@&{role.id}>")]
        await opened(w, title="Server settings: Who")
        assert not w.public
        assert not w.env.errors


async def test_roles_are_chosen_on_the_page_who(tmp_path: Path) -> None:
    """Each choice is one row of the audit; an empty one allows everyone again; deleted roles can be removed."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        one, two = w.guild.create_role("one"), w.guild.create_role("two")
        await pick(w, panel, "allow", [one, two])
        await says(w, panel, f"May draw: <@&{one.id}>, <@&{two.id}>")
        await pick(w, panel, "deny", [two])
        await says(w, panel, f"May not draw: <@&{two.id}>")
        refused = await w.told(await w.slash(w.stranger, "imagine", prompt="a fox"))
        assert f"<@&{one.id}>" in refused
        assert w.relay_requests == 0

        for role in (one, two):
            w.env.backend.delete_role(GUILD_ID, role.id)
        await turn_to(w, panel, "where")
        await turn_to(w, panel, "who")
        await says(
            w, panel, f"deleted role `{one.id}`", "No one can draw here, because all roles that may were deleted"
        )
        await w.click(w.member, w.message(panel.id) or panel, "Remove deleted roles")
        await says(w, panel, "May draw: Everyone", "May not draw: No role")
        assert await rules(w) == ServerRules(guided=True)
        both = ", ".join(f"<@&{role}>" for role in sorted((one.id, two.id)))
        assert await audit(w) == [
            ("roles that may draw", "everyone", both),
            ("roles that may not draw", "none", f"<@&{two.id}>"),
            ("roles that may draw", both, "everyone"),
            ("roles that may not draw", f"<@&{two.id}>", "none"),
        ]
        assert not w.env.errors


async def test_limits_of_a_role_are_typed_into_a_form(tmp_path: Path) -> None:
    """Per kind; the form shows what is stored; an empty field removes; 0 switches off and says so."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        role = w.guild.create_role("artists")
        panel = await opened(w)
        await pick(w, panel, "role", [role])
        await says(w, panel, f"Limits of <@&{role.id}>", "As every member: no limits")
        form = await w.click(w.member, w.message(panel.id) or panel, "All jobs")
        assert form.modal is not None
        assert form.modal["title"] == "Limits: All jobs"
        assert len(form.modal["components"]) == 2, "no price is known, so that there are no amounts"
        await fill(w, form, {"number_day": "٣", "number_month": "1 000"})
        await says(w, panel, "Limits: 3 jobs a day, 1000 jobs a month", f"✅ Saved: limits of <@&{role.id}>.")
        form = await w.click(w.member, w.message(panel.id) or panel, "Videos")
        await fill(w, form, {"number_day": "0", "number_month": ""})
        await says(w, panel, "0 videos a day (switched off)", "⚠️ Videos are switched off for")
        stored = (
            LimitSetting(period=DAY, tasks=3),
            LimitSetting(period=MONTH, tasks=1000),
            LimitSetting(period=DAY, kind=CostKind.VIDEO, tasks=0),
        )
        assert (await rules(w)).role_limits == {role.id: stored}
        form = await w.click(w.member, w.message(panel.id) or panel, "All jobs")
        assert form.modal is not None
        assert [one["component"].get("value") for one in form.modal["components"]] == ["3", "1000"]
        await fill(w, form, {"number_day": "", "number_month": ""})
        await says(w, panel, "Limits: 0 videos a day (switched off)")
        await w.click(w.member, w.message(panel.id) or panel, "No limits for this role")
        await says(w, panel, "Limits: No limits")
        assert (await rules(w)).role_limits == {role.id: ()}
        await w.click(w.member, w.message(panel.id) or panel, "Same as every member")
        await says(w, panel, "As every member")
        assert (await rules(w)).role_limits == {}
        assert len(await audit(w)) == 5
        assert not w.env.errors


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"number_day": "-3"}, "Number a day can't be negative: `-3`."),
        ({"number_month": "three"}, "Number a month must be a whole number, for example `3`, not `three`."),
        ({"number_day": "99999999"}, "Number a day is too large: `99999999`. Write at most `1000000`"),
        ({"number_day": "1.5"}, "Number a day must be a whole number, for example `3`, not `1.5`."),
        (
            {"number_day": "3", "amount_day": "€2"},
            "Amount a day must be an amount in USD, for example `2.50`, not `€2`.",
        ),
        ({"amount_month": "1,500"}, "Amount a month can be read in two ways: `1,500`."),
    ],
)
async def test_a_wrong_number_names_its_field(tmp_path: Path, values: dict[str, str], sentence: str) -> None:
    """In one sentence with an example; nothing is changed."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        w.app.policy.prices.set_configured(PriceSetting({"mj_imagine": Decimal("0.1")}, "USD"))
        panel = await opened(w)
        await w.click(w.member, panel, "Limits of every member")
        await says(w, panel, "Limits of **every member**")
        await fill(w, await w.click(w.member, w.message(panel.id) or panel, "All jobs"), values)
        told = (await says(w, panel, sentence)).splitlines()[0]
        assert told.startswith(f"⚠️ {sentence}")
        assert told.endswith("Nothing was changed.")
        assert await rules(w) == ServerRules(guided=True)
        assert not w.env.errors


async def test_amounts_and_the_time_zone_on_the_page_money(tmp_path: Path) -> None:
    """The operator's budget is shown with its use; the server's own limits are below it."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        w.app.policy.prices.set_configured(PriceSetting({"mj_imagine": Decimal("0.1")}, "USD"))
        budget = ServerGrant(server_limits=(LimitSetting(period=MONTH, amount=Decimal(50)),))
        await w.app.store.rules.change_grant(GUILD_ID, lambda _: (budget, ()))
        panel = await opened(w)
        await turn_to(w, panel, "money")
        await says(w, panel, "$50.00 a month. Used: $0.00, starts again <t:")
        await w.click(w.member, w.message(panel.id) or panel, "Limits of all together")
        await says(w, panel, "Limits of **all members together**")
        form = await w.click(w.member, w.message(panel.id) or panel, "All jobs")
        await fill(w, form, {"amount_day": "$2,50", "amount_month": "40"})
        await says(w, panel, "$2.50 a day, $40.00 a month")
        await w.click(w.member, w.message(panel.id) or panel, "Back")
        await says(w, panel, "All members together: $2.50 a day. Used: $0.00")
        form = await w.click(w.member, w.message(panel.id) or panel, "Time zone")
        await fill(w, form, {"zone": "Pariss"})
        told = await says(w, panel, "⚠️ I don't know the time zone `Pariss`. Write `Europe/Paris`. Nothing was changed.")
        assert "✅ Saved" not in told
        form = await w.click(w.member, w.message(panel.id) or panel, "Time zone")
        await fill(w, form, {"zone": "ho chi minh"})
        await says(w, panel, "`Asia/Ho_Chi_Minh`, now ")
        assert await audit(w) == [
            ("limits of all members together", "no limits", "2.50 USD a day, 40 USD a month"),
            ("time zone", "UTC", "Asia/Ho_Chi_Minh"),
        ]
        assert not w.env.errors


async def test_channels_and_private_answers_on_the_page_where(tmp_path: Path) -> None:
    """Text channels and forums; the deleted ones can be removed."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        forum = w.guild.create_forum_channel("forum")
        panel = await opened(w)
        await turn_to(w, panel, "where")
        await pick(w, panel, "channels", [w.channel, forum])
        await says(w, panel, f"Channels: <#{w.channel.id}>, <#{forum.id}>")
        await w.click(w.member, w.message(panel.id) or panel, "No private answers")
        await says(w, panel, "Private answers: Not allowed")
        w.env.backend.delete_channel(forum.id)
        await turn_to(w, panel, "content")
        await turn_to(w, panel, "where")
        await says(w, panel, f"deleted channel `{forum.id}`")
        await w.click(w.member, w.message(panel.id) or panel, "Remove deleted channels")
        await says(w, panel, f"Channels: <#{w.channel.id}>\n")
        wanted = ServerRules(guided=True, allowed_channels=frozenset({w.channel.id}), private_answers=False)
        assert await rules(w) == wanted
        assert not w.env.errors


async def test_words_and_the_age_policy_on_the_page_content(tmp_path: Path) -> None:
    """The form shows the stored words; entries that cannot be used are named, the others are saved."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await turn_to(w, panel, "content")
        form = await w.click(w.member, w.message(panel.id) or panel, "Blocked words")
        await fill(w, form, {"words0": "fox*, ow*l\n`snake`"})
        await says(w, panel, "Blocked words: 2", "`fox*`, `snake`", "⚠️ Left out: `ow*l` has a `*` inside.")
        refused = await w.told(await w.slash(w.stranger, "imagine", prompt="two f\u200boxes"))
        assert "`fox*`" in refused
        assert w.relay_requests == 0
        form = await w.click(w.member, w.message(panel.id) or panel, "Blocked words")
        assert form.modal is not None
        assert form.modal["components"][0]["component"]["value"] == "fox*\nsnake"
        await fill(w, form, {"words0": "*"})
        await says(w, panel, "Blocked words: 2", "Nothing was changed, because no entry can be used.")
        form = await w.click(w.member, w.message(panel.id) or panel, "Blocked words")
        await fill(w, form, {"words0": ""})
        await says(w, panel, "Blocked words: 0")
        await w.click(w.member, w.message(panel.id) or panel, "Spoilers")
        await says(w, panel, "**Spoilers.**")
        assert await rules(w) == ServerRules(guided=True, age_policy=AgePolicy.SPOILER)
        assert await audit(w) == [
            ("blocked words", "none", "fox*, snake"),
            ("blocked words", "fox*, snake", "none"),
            ("pictures outside age-restricted channels", "allowed", "hidden as spoilers"),
        ]
        assert not w.env.errors


async def test_missing_permissions_of_a_picked_channel_are_named(tmp_path: Path) -> None:
    """As Discord sends them with the picked channel, in the same answer."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await turn_to(w, panel, "log")
        granted = str(discord.Permissions(view_channel=True, send_messages=True).value)

        def add_permissions(payload: dict[str, Any]) -> None:
            for channel in payload["data"].get("resolved", {}).get("channels", {}).values():
                channel["app_permissions"] = granted

        w.payloads = add_permissions
        await pick(w, panel, "gallery", [w.channel])
        await says(w, panel, f"⚠️ I can't post in <#{w.channel.id}>. Give my role there: **Attach Files**.")
        granted = "0"
        await pick(w, panel, "logchannel", [w.channel])
        await says(w, panel, "Give my role there: **View Channels**, **Send Messages**, **Attach Files**.")
        await w.click(w.member, w.message(panel.id) or panel, "Log prompts")
        await says(w, panel, "Shown in the log channel, except for private requests.")
        await pick(w, panel, "gallery", [])
        await says(w, panel, "Gallery channel: None")
        w.env.backend.delete_channel(w.guild.create_text_channel("gone").id)
        assert await rules(w) == ServerRules(guided=True, log_channel_id=w.channel.id, log_prompts=True)
        assert not w.env.errors


async def test_permissions_that_discord_does_not_send_are_taken_from_the_cache(tmp_path: Path) -> None:
    """And the warning stays on the page until the channel is open, or another one chosen."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        bot = w.app.bot.user
        assert bot is not None
        closed = w.guild.create_text_channel(
            "closed", overwrites={bot: discord.PermissionOverwrite(send_messages=False)}
        )
        panel = await opened(w)
        await turn_to(w, panel, "log")
        await pick(w, panel, "logchannel", [closed])
        warning = f"⚠️ I can't post in <#{closed.id}>. Give my role there: **Send Messages**."
        await says(w, panel, warning)
        await turn_to(w, panel, "who")
        await turn_to(w, panel, "log")
        await says(w, panel, warning)
        await pick(w, panel, "logchannel", [w.channel])
        await says(w, panel, f"Log channel: <#{w.channel.id}>")
        assert "⚠️" not in shown(w, panel)
        assert not w.env.errors


async def test_the_language_is_stored(tmp_path: Path) -> None:
    """It holds at once for what everyone sees; the panel is in the language of its manager."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await turn_to(w, panel, "language")
        await pick(w, panel, "language", ["zh-tw"])
        await says(w, panel, "Language: 繁體中文", "Server settings: Language")
        assert (await rules(w)).language == "zh-TW"
        assert w.app.bot.languages.choose_for_server(GUILD_ID, None) is Language.TRADITIONAL_CHINESE
        await pick(w, panel, "language", ["auto"])
        await says(w, panel, "Language: Discord's")
        assert w.app.bot.languages.choose_for_server(GUILD_ID, None) is Language.ENGLISH
        assert await audit(w) == [("language", "the server's", "zh-TW"), ("language", "zh-TW", "the server's")]
        assert not w.env.errors


async def test_a_manager_who_lost_the_permission_changes_nothing(tmp_path: Path) -> None:
    """Neither with the panel that is open, nor with its form."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await w.click(w.member, panel, "Limits of every member")
        await says(w, panel, "Limits of **every member**")
        form = await w.click(w.member, w.message(panel.id) or panel, "All jobs")
        w.env.backend.get_guild(GUILD_ID).members[w.member.id].role_ids.clear()
        for act in (
            w.click(w.member, w.message(panel.id) or panel, "All jobs"),
            w.click(w.member, w.message(panel.id) or panel, "Back"),
            fill(w, form, {"number_day": "1"}),
        ):
            told = await w.told(await act)
            assert told == "Only people with **Manage Server** can change this server's settings. Nothing was changed."
        assert await rules(w) == ServerRules(guided=True)
        assert not w.env.errors


async def test_panels_and_forms_work_after_a_restart(tmp_path: Path) -> None:
    """Nothing of either is in the memory of a process."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        role = w.guild.create_role("artists")
        panel = await opened(w)
        await w.click(w.member, panel, "Limits of every member")
        await says(w, panel, "Limits of **every member**")
        form = await w.click(w.member, w.message(panel.id) or panel, "HD jobs")
        await w.restart()
        await fill(w, form, {"number_day": "4"})
        await says(w, panel, "Limits: 4 HD jobs a day")
        await w.click(w.member, w.message(panel.id) or panel, "Back")
        await says(w, panel, "Server settings: Who")
        await pick(w, panel, "deny", [role])
        await says(w, panel, f"May not draw: <@&{role.id}>")
        assert not w.env.errors


async def test_of_two_managers_the_last_one_wins_and_is_told(tmp_path: Path) -> None:
    """Their panel shows what is stored now; a third change of the same panel replaces nothing unseen."""
    async with open_simcord_world(tmp_path) as w:
        for member in (w.member, w.stranger):
            make_manager(w, member)
        await set_guided(w)
        one, two = w.guild.create_role("one"), w.guild.create_role("two")
        mine, theirs = await opened(w), await opened(w, w.stranger)
        await pick(w, theirs, "allow", [two], w.stranger)
        await says(w, theirs, f"May draw: <@&{two.id}>")
        await pick(w, mine, "allow", [one])
        text = await says(w, mine, f"May draw: <@&{one.id}>", "Your change replaced that.")
        assert f"⚠️ <@{w.stranger.id}> had changed this <t:" in text
        await pick(w, mine, "allow", [one, two])
        text = await says(w, mine, f"<@&{two.id}>")
        assert "replaced" not in text
        assert len(await audit(w)) == 3


@pytest.mark.parametrize(
    ("settings", "access", "sentence"),
    [
        (
            {"allowed_guilds": frozenset({4711})},
            ServerAccess.DEFAULT,
            "This server isn't allowed to use paid commands yet.",
        ),
        ({}, ServerAccess.DENIED, "The operator of this bot has switched drawing off in this server"),
    ],
)
async def test_a_server_that_is_not_allowed_has_no_settings(
    tmp_path: Path, settings: dict[str, Any], access: ServerAccess, sentence: str
) -> None:
    """One sentence says what its manager can do."""
    async with open_simcord_world(tmp_path, **settings) as w:
        make_manager(w, w.member)
        await w.app.store.rules.change_grant(GUILD_ID, lambda _: (ServerGrant(access=access), ()))
        answer = (await w.slash(w.member, "mjserver")).response
        assert answer is not None
        assert (await w.until(lambda: answer.content)).startswith(sentence)
        assert not answer.embeds


async def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    """No form is opened empty, because submitting it would remove what is stored."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await turn_to(w, panel, "content")
        store: Any = w.app.store
        store.database._closed = True
        form = await w.click(w.member, w.message(panel.id) or panel, "Blocked words")
        assert form.modal is None
        for act in (w.click(w.member, w.message(panel.id) or panel, "Refuse"), w.slash(w.member, "mjserver")):
            assert "can't reach my database" in await w.told(await act)


async def test_a_button_of_a_newer_version_says_so(tmp_path: Path) -> None:
    """In one sentence with the next step."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        custom_id = find_id(w, panel, "limits")
        newer = custom_id.replace(":limits:", ":weather:")
        w.payloads = lambda payload: payload["data"].update(custom_id=newer)
        stored = w.env.backend.messages[w.channel.id][panel.id]
        for row in stored.components:
            for part in row["components"]:
                part["custom_id"] = newer if part["custom_id"] == custom_id else part["custom_id"]
        told = await w.told(await w.click(w.member, w.message(panel.id) or panel, custom_id=newer))
        assert told == "I no longer know this button. Run `/mjserver` for a panel with fresh ones."
        assert rows(panel)
        assert title_of(panel)


async def test_a_change_is_one_line_in_the_log_channel(tmp_path: Path) -> None:
    """Who, what, before, after; no one is pinged."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        log = w.guild.create_text_channel("log")
        await set_guided(w, log_channel_id=log.id)
        role = w.guild.create_role("artists")
        panel = await opened(w)
        await pick(w, panel, "allow", [role])
        lines = await w.until(lambda: [message.content for message in log.history()])
        assert lines == [f"⚙️ <@{w.member.id}> changed **roles that may draw**: everyone → <@&{role.id}>"]
        assert not w.env.errors


async def test_where_the_bot_is_no_member_there_are_no_settings(tmp_path: Path) -> None:
    """As where only the person installed the bot, or after it was removed while a panel was open."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        w.env.backend.emit("GUILD_DELETE", {"id": str(GUILD_ID)})
        await w.until(lambda: w.app.bot.get_guild(GUILD_ID) is None)
        told = await w.told(await w.click(w.member, panel, "Limits of every member"))
        assert told.startswith("These are the settings of a server, and I haven't joined one here.")


async def test_members_are_blocked_and_unblocked_on_the_page_who(tmp_path: Path) -> None:
    """As /mjblock does it, without an end; people who can't be blocked are named with the reason."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w)
        await w.click(w.member, panel, "Blocked members")
        await says(w, panel, "Server settings: Blocked members", "Blocked members: No one")
        await pick(w, panel, "block", [w.stranger, w.member, w.owner])
        await says(
            w,
            panel,
            f"✅ <@{w.stranger.id}> can't draw here until a moderator unblocks them.",
            f"⚠️ <@{w.member.id}>: You can't block yourself.",
            f"⚠️ <@{w.owner.id}>: You can't block the operator of this bot.",
            f"Blocked members: <@{w.stranger.id}>, by <@{w.member.id}>",
        )
        assert "you're blocked" in await w.told(await w.slash(w.stranger, "imagine", prompt="a fox"))
        await pick(w, panel, "unblock", [w.stranger, w.owner])
        await says(w, panel, f"<@{w.stranger.id}> is unblocked.", f"<@{w.owner.id}> wasn't blocked here.", "No one")
        assert [what for what, _, _ in await audit(w)] == [f"block of <@{w.stranger.id}>"] * 2
        assert not w.env.errors


@pytest.mark.usefixtures("pseudo_language")
async def test_every_answer_is_translated(tmp_path: Path) -> None:
    """The panel, what it says above, and refusals."""
    async with open_simcord_world(tmp_path) as w:
        make_manager(w, w.member)
        await set_guided(w)
        panel = await opened(w, title="⟦Server settings")
        await w.click(w.member, panel, custom_id=find_id(w, panel, "blocks"))
        await says(w, panel, "/mjblock")
        await pick(w, panel, "block", [w.stranger, w.member])
        text = await says(w, panel, f"<@{w.stranger.id}>")
        assert "✅" in text
        assert "⚠️" in text
        assert find_untranslated(text) == []
        w.env.backend.get_guild(GUILD_ID).members[w.member.id].role_ids.clear()
        told = await w.told(await pick(w, panel, "page", ["where"]))
        assert "Manage Server" in told
        assert find_untranslated(told) == []
