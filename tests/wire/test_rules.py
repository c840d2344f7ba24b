"""Rules that are set in Discord, on the real process: limits hold to the request, and a refusal is one sentence."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import Clock
from bot.entities import Block, LimitSetting, Period, ServerRules
from bot.store import SqlStore, open_store
from sandbox.relay import RelaySettings
from tests.postgres import Postgres
from tests.wire.loopback import Interaction, LoopbackDiscord, Message, Person
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]

_BUTTONS = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")
_PRESSES = 50
_PRICES = {"PRICES": "upscale=0.10, variation=0.10, currency=USD", "PRESS_POLICY": "anyone"}
_WITHOUT_ACCOUNT = RelaySettings(seconds_per_task=2.0, picture_side=64, has_account_routes=False)
"""A relay that tells no prices, so that only those of PRICES count."""

_BLOCKED = (
    "In this server you're blocked from drawing until a moderator unblocks you. Ask the moderators of this server if "
    "you think that's wrong. You weren't charged."
)
_DENIED = (
    "This server doesn't let you use `/imagine` here, nor the buttons that draw. Its managers can change that under "
    "**Server Settings**, **Integrations**. You weren't charged."
)
_WORD = "This server's rules don't allow `bad` in a prompt. Reword it and try again. You weren't charged."
_CHANNEL = (
    "This server's rules allow drawing only in <#{}>, and in their threads. Try again there. You weren't charged."
)

Press = tuple[Person, Message, str]


@asynccontextmanager
async def _open_rules(url: str) -> AsyncGenerator[SqlStore]:
    """Open the database of the bot, as another process does."""
    clock = Clock()
    async with open_store(url, now=clock.now, owner="test", monotonic=clock.monotonic) as store:
        yield store


async def _set_rules(store: SqlStore, guild_id: int, rules: ServerRules) -> None:
    await store.rules.change_server_rules(guild_id, lambda _: (rules, ()))


async def _press_all(world: WireWorld, presses: Sequence[Press]) -> list[Interaction]:
    """Press buttons at once, and wait until each press is answered."""
    acts = await asyncio.gather(*(world.discord.click(*press) for press in presses))
    for act in acts:
        await world.told(act, timeout=200)
    return list(acts)


def _is_refused(act: Interaction) -> bool:
    return all(one.ephemeral for one in act.followups)


def _list_refusals(acts: Sequence[Interaction]) -> list[str]:
    """Return the private sentences that answer refused presses, one each.

    An accepted press has a message that everyone sees, and the last one a warning that nothing is left.
    """
    assert [len(act.followups) for act in acts if _is_refused(act)] == [1] * sum(map(_is_refused, acts))
    return [act.followups[0].content for act in acts if _is_refused(act)]


async def test_limits_hold_to_the_request_in_two_processes(tmp_path: Path, postgres: Postgres) -> None:
    """50 presses at once, which both processes get: first a member's limit by role, then a server's budget."""
    url = await postgres.migrated_database()
    # A busy machine may stop a process for seconds: it keeps its claims, and its answers count.
    slow_discord = LoopbackDiscord(ack_seconds=60.0)
    settings = {"DATABASE_URL": url, "LEASE_SECONDS": "60", **GENEROUS, **_PRICES}
    async with open_wire_world(tmp_path, _WITHOUT_ACCOUNT, discord=slow_discord) as world:
        world.settings |= settings
        discord, guild_id = world.discord, world.discord.guild_id
        role = discord.add_role("artists")
        artist = discord.add_person("hoa", roles=(role,))
        crowd = [discord.add_person(f"member {number}") for number in range(10)]
        grids = [world.relay.add_task("grid") for _ in range(-(-_PRESSES // len(_BUTTONS)))]
        async with world.bot() as first, world.bot() as second, _open_rules(url) as store:
            messages = [await world.follow(grid, number % 2) for number, grid in enumerate(grids)]
            for message in messages:
                await world.shows(message, "✅ Four")
            buttons = [(message, which) for message in messages for which in _BUTTONS]

            three = LimitSetting(period=Period.DAY, tasks=3)
            await _set_rules(store, guild_id, ServerRules(role_limits={role: (three,)}))
            acts = await _press_all(world, [(artist, *one) for one in buttons[:_PRESSES]])
            refusals = _list_refusals(acts)
            assert len(refusals) == _PRESSES - 3
            assert {"This server allows you 3 jobs a day" in sentence for sentence in refusals} == {True}
            await world.until(lambda: len(world.relay.submits) == 3)

            budget = LimitSetting(period=Period.DAY, amount=Decimal("0.80"))
            await _set_rules(store, guild_id, ServerRules(server_limits=(budget,)))
            refused = [one for one, act in zip(buttons, acts, strict=False) if _is_refused(act)]
            left = [*refused, *buttons[_PRESSES:]][:_PRESSES]
            acts = await _press_all(world, [(crowd[n % len(crowd)], *one) for n, one in enumerate(left)])
            assert {"This server allows its members together $0.80 a day" in one for one in _list_refusals(acts)} == {
                True
            }
            for act in acts:
                for child in act.followups:
                    if not child.ephemeral:
                        await world.shows(child, "✅", 200)
            assert len(world.relay.submits) == 8
            assert len({(one.body["taskId"], one.body["customId"]) for one in world.relay.submits}) == 8
            first.assert_calm()
            second.assert_calm()
        world.assert_polite()


async def test_a_refusal_by_a_rule_is_one_sentence_and_nothing_is_sent(world: WireWorld) -> None:
    """A blocked member, a button of a denied command, a hidden word and another channel."""
    discord = world.discord
    here, elsewhere = discord.channels[:2]
    blocked, denied, member = (discord.add_person(name) for name in ("an", "binh", "chi"))
    async with world.bot(**GENEROUS, PRESS_POLICY="anyone") as bot, _open_rules(world.env["DATABASE_URL"]) as store:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        other = await world.shows(await world.follow(world.relay.add_task("grid"), 1), "✅ Four")
        rules = ServerRules(allowed_channels=frozenset({here.id}), blocked_words=("bad",))
        await _set_rules(store, discord.guild_id, rules)
        await store.rules.save_block(Block(guild_id=discord.guild_id, person_id=blocked.id), ())
        await _deny_imagine(world, denied)
        acts = [
            await discord.click(blocked, grid, "U1"),
            await discord.click(denied, grid, "V1"),
            await discord.slash(member, here, "imagine", {"prompt": "a b\u200b\u0430\u2060d cat"}),
            await discord.click(member, other, "V1"),
            await discord.slash(member, elsewhere, "imagine", {"prompt": "a cat"}),
        ]
        said = [(await _read_answer(world, act)).partition("\nYou wrote:")[0] for act in acts]
        assert said == [_BLOCKED, _DENIED, _WORD, _CHANNEL.format(here.id), _CHANNEL.format(here.id)]
        bot.assert_calm()
    assert world.relay.submits == []
    world.assert_polite()


async def _deny_imagine(world: WireWorld, person: Person) -> None:
    """Deny a person the command on the page Integrations, while the bot is connected."""
    discord = world.discord
    command_id = discord.deny_command("imagine", person.id, "user")
    update = {
        "id": str(command_id),
        "application_id": str(discord.application_id),
        "guild_id": str(discord.guild_id),
        "permissions": discord.command_permissions[discord.guild_id][command_id],
    }
    await discord.gateway.dispatch("APPLICATION_COMMAND_PERMISSIONS_UPDATE", update, discord.guild_id)


async def _read_answer(world: WireWorld, act: Interaction) -> str:
    """Wait for the one private sentence that answers an act, and return it."""
    clicked = act.message

    def find_answer() -> str:
        shown = [one for one in (act.original, *act.followups) if one is not None and one is not clicked]
        shown = [one for one in shown if not one.deleted]  # the public answer to a command is taken back
        return shown[0].content if len(shown) == 1 and shown[0].ephemeral else ""

    return await world.until(find_answer)
