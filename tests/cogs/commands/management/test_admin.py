"""/mjadmin on discord.py's own machinery and a real database: pages, changes, forms, and who may use it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult

from bot.entities import LimitSetting, OperatorRules, Period, ServerAccess, ServerGrant
from tests.worlds.simcord import GUILD_ID, SimcordWorld, button, open_simcord_world

OPEN: dict[str, Any] = {"allowed_guilds": frozenset()}
"""No ALLOWED_GUILDS: the operator allows servers in Discord."""


async def opened(w: SimcordWorld) -> discord.Message:
    answer = await w.slash(w.owner, "mjadmin")
    assert answer.response is not None
    assert answer.response.ephemeral
    return await w.titled(answer.response.id, "Servers")


async def turned(w: SimcordWorld, panel: discord.Message, label: str, title: str = "") -> discord.Message:
    """Press a button of the panel, and return the panel once it shows that page."""
    await w.click(w.owner, w.message(panel.id) or panel, label)
    return await w.titled(panel.id, title or label)


async def picked(w: SimcordWorld, panel: discord.Message) -> discord.Message:
    await w.act(w.owner.select(panel, [str(GUILD_ID)], custom_id="mj:admin:pick:-"))
    return await w.titled(panel.id, "Art")


def text(message: discord.Message) -> str:
    return str(message.embeds[0].to_dict())


async def rules(w: SimcordWorld) -> tuple[OperatorRules, ServerGrant]:
    found = await w.app.store.find_rules(GUILD_ID, 0)
    return found.operator, found.grant


async def filled(w: SimcordWorld, panel: discord.Message, label: str, **values: str) -> InteractionResult:
    """Open a form of the panel, and send it with those values."""
    form = await w.click(w.owner, w.message(panel.id) or panel, label)
    assert form.modal is not None
    return await w.act(w.owner.submit_modal(form, values))


async def test_others_get_one_private_sentence(tmp_path: Path) -> None:
    """Of the command, and of a click on a panel that they got hold of; nothing changes."""
    async with open_simcord_world(tmp_path) as w:
        refused = await w.slash(w.member, "mjadmin")
        assert await w.told(refused) == (
            "Only the operator of this bot, who owns its Discord application, can use this."
        )
        panel = await turned(w, await opened(w), "Everything")

        def forge(payload: dict[str, Any]) -> None:
            payload["member"]["user"]["id"] = str(w.member.id)

        w.payloads = forge
        assert "Only the operator" in await w.told(await w.click(w.owner, panel, "Pause all drawing"))
        assert not (await rules(w))[0].paused
        assert not w.public


async def test_a_server_is_allowed_and_denied(tmp_path: Path) -> None:
    """At the next click, without a restart; each change is one row of the audit."""
    async with open_simcord_world(tmp_path, **OPEN) as w:
        panel = await picked(w, await opened(w))
        assert "you don't manage it" in text(panel)
        assert "isn't allowed to use paid commands" in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        await w.click(w.owner, panel, "Allow")
        panel = await w.until(lambda: _find(w, panel, "allowed by you"))
        drawn = await w.slash(w.member, "imagine", prompt="a fox")
        assert drawn.response is not None
        await w.titled(drawn.response.id, "✅")
        await w.click(w.owner, panel, "Deny")
        await w.until(lambda: _find(w, panel, "denied by you"))
        assert "You weren't charged." in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        assert (await rules(w))[1].access is ServerAccess.DENIED
        made = await w.app.store.rules.list_changes(GUILD_ID, 10)
        assert [(one.before, one.after, one.person_id) for one in made] == [
            ("allowed", "denied", w.owner.id),
            ("default", "allowed", w.owner.id),
        ]
        assert not w.env.errors


def _find(w: SimcordWorld, panel: discord.Message, words: str) -> discord.Message | None:
    shown = w.message(panel.id)
    return shown if shown is not None and words in text(shown) else None


async def test_allowed_guilds_is_marked_as_fixed(tmp_path: Path) -> None:
    """Allowing another server explains what decides."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset({7})) as w:
        panel = await opened(w)
        assert "🔒 `ALLOWED_GUILDS` is set" in text(panel)
        panel = await picked(w, panel)
        await w.click(w.owner, panel, "Allow")
        assert await w.until(lambda: _find(w, panel, "add its id there and restart me"))
        assert "Add this one's id" in await w.told(await w.slash(w.owner, "imagine", prompt="a fox"))


async def test_a_budget_holds_at_once_also_after_a_restart(tmp_path: Path) -> None:
    """Panel and form work in another process."""
    prices: dict[str, Any] = {"prices": "imagine=0.10, currency=USD"}
    async with open_simcord_world(tmp_path, **prices) as w:
        panel = await picked(w, await opened(w))
        form = await w.click(w.owner, panel, "Budget")
        await w.restart(**prices)
        await w.act(w.owner.submit_modal(form, {"number_day": "5", "amount_month": "$0.05"}))
        panel = await w.until(lambda: _find(w, panel, "$0.05 a month"))
        assert (await rules(w))[1].server_limits == (
            LimitSetting(period=Period.DAY, tasks=5),
            LimitSetting(period=Period.MONTH, amount=Decimal("0.05")),
        )
        assert "You weren't charged." in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        again = await w.click(w.owner, panel, "Budget")
        assert again.modal is not None
        assert again.modal["components"][0]["component"]["value"] == "5"


@pytest.mark.parametrize(
    ("page", "label", "values", "said"),
    [
        ("Limits", "Each person", {"number_day": "many"}, "many"),
        ("Limits", "Everyone together", {"number_month": "-1"}, "-1"),
        ("Prices", "Set prices", {"prices": "imagine=0.10"}, "does not say in which currency"),
        ("Prices", "Set prices", {"prices": "imagine=cheap, currency=USD"}, "Nothing changed."),
        ("Everything", "Block a person", {"id": "eve"}, "Choose a person, or write their id"),
        ("Everything", "Block a person", {"id": "1187000000000000009", "hours": "soon"}, "The hours must be a number"),
        ("Everything", "Block a person", {"id": "1187000000000000009", "hours": "-3"}, "The hours must be a number"),
    ],
)
async def test_bad_input_is_one_sentence(
    tmp_path: Path, page: str, label: str, values: dict[str, str], said: str
) -> None:
    async with open_simcord_world(tmp_path) as w:
        panel = await turned(w, await opened(w), page)
        answer = await filled(w, panel, label, **values)
        told = await w.until(lambda: w.said(answer) or (w.message(panel.id) or panel).content)
        assert said in told
        assert (await rules(w))[0] == OperatorRules()
        assert not await w.app.store.rules.list_blocks(0)
        assert not await w.app.store.rules.list_changes(0, 5)


async def test_prices_are_used_at_once(tmp_path: Path) -> None:
    """And by a process that starts later; where PRICES is set they are fixed."""
    async with open_simcord_world(tmp_path) as w:
        panel = await turned(w, await opened(w), "Prices")
        await filled(w, panel, "Set prices", prices="imagine=0.10, currency=USD")
        await w.until(lambda: _find(w, panel, "what you set here"))
        price = w.app.policy.prices.find_price("mj_imagine")
        assert price is not None
        assert price.amount == Decimal("0.1")
        await w.restart()
        await w.until(lambda: w.app.policy.prices.find_price("mj_imagine"))
        await w.restart(prices="imagine=0.2, currency=EUR")
        panel = await turned(w, await opened(w), "Prices")
        assert "PRICES is set in the environment" in text(panel)
        assert button(panel, "Set prices").disabled
        price = w.app.policy.prices.find_price("mj_imagine")
        assert price is not None
        assert price.currency == "EUR"


async def test_a_budget_below_what_is_used_says_so(tmp_path: Path) -> None:
    """Of a server, and of everyone together."""
    async with open_simcord_world(tmp_path, prices="imagine=0.10, currency=USD") as w:
        await w.slash(w.member, "imagine", prompt="a fox")
        panel = await picked(w, await opened(w))
        await filled(w, panel, "Budget", amount_month="0.05")
        await w.until(lambda: _says_used_up(w, panel))
        await filled(w, panel, "Budget", amount_month="5")
        await w.until(lambda: not _says_used_up(w, panel))
        panel = await turned(w, panel, "Limits")
        await filled(w, panel, "Everyone together", number_month="1")
        await w.until(lambda: _says_used_up(w, panel))


def _says_used_up(w: SimcordWorld, panel: discord.Message) -> bool:
    return "⚠️ Already used up: nothing more this month." in (w.message(panel.id) or panel).content


async def test_everything_is_paused_and_resumed(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        panel = await turned(w, await opened(w), "Everything")
        await w.click(w.owner, panel, "Pause all drawing")
        panel = await w.until(lambda: _find(w, panel, "paused"))
        assert "paused all drawing" in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        await w.click(w.owner, panel, "Resume all drawing")
        await w.until(lambda: _find(w, panel, "Drawing is on."))
        assert not (await rules(w))[0].paused


async def test_a_person_is_blocked_everywhere(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        panel = await turned(w, await opened(w), "Everything")
        await filled(w, panel, "Block a person", id=str(w.member.id), hours="2", reason="spam")
        await w.until(lambda: _find(w, panel, f"<@{w.member.id}> until"))
        assert "You weren't charged." in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        await filled(w, panel, "Unblock a person", id=str(w.member.id))
        await w.until(lambda: _find(w, panel, "No one"))
        await filled(w, panel, "Block a person", id=str(w.owner.id))
        await w.until(lambda: "can't block an operator" in (w.message(panel.id) or panel).content)


async def test_changes_and_alarms_are_in_the_operators_log_channel(tmp_path: Path) -> None:
    """Not by DM unless that is switched on."""
    async with open_simcord_world(tmp_path) as w:
        log = w.guild.create_text_channel("operator")
        panel = await turned(w, await opened(w), "Money")
        assert "isn't read yet" in text(panel) or "balance" in text(panel)
        await w.app.operator_log.send_alarm("the balance is low")
        await w.until(lambda: not w.app.operator_log.is_writing)
        await w.act(w.owner.select(panel, [log], custom_id="mj:admin:log:-"))
        await w.until(lambda: _find(w, panel, f"<#{log.id}>"))
        await w.click(w.owner, w.message(panel.id) or panel, "Alarms by DM: off")
        await w.until(lambda: _find(w, panel, "On, where the log channel"))
        await w.until(lambda: len(log.history()) >= 2)
        await w.app.operator_log.send_alarm("the balance is low")
        await w.until(lambda: len(log.history()) >= 3)
        lines = [shown.content for shown in log.history()]
        assert "operator's log channel" in lines[0]
        assert "alarms by DM" in lines[1]
        assert lines[2] == "⚠️ the balance is low"
        assert not w.env.errors


async def test_the_ledger_is_exported(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        drawn = await w.slash(w.member, "imagine", prompt="a fox")
        assert drawn.response is not None
        await w.titled(drawn.response.id, "✅")
        panel = await opened(w)
        assert "this month: 1 job" in text(panel)
        panel = await turned(w, panel, "Everything")
        sent = await w.click(w.owner, panel, "Export the ledger")
        await w.until(lambda: sent.followups)
        assert [file.filename for file in sent.followups[0].attachments] == ["ledger.csv"]


async def test_the_panel_works_in_a_direct_message(tmp_path: Path) -> None:
    """There are no channels to choose there, which the page says; others are refused there too."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.act(w.owner.user.slash("mjadmin"))
        await w.until(lambda: answer.response and answer.response.embeds)
        assert answer.response is not None
        shown = answer.response
        await w.act(w.owner.user.click(shown, custom_id="mj:admin:page:money"))
        await w.until(
            lambda: (
                "To choose one, run" in str([one.to_dict() for one in answer.response.embeds])
                if answer.response
                else None
            )
        )
        refused = await w.act(w.member.user.slash("mjadmin"))
        assert "Only the operator" in await w.told(refused)
