"""The log channel: one line per paid request, in few messages, without pings; its problems are reported once."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.entities import Claim, Cost, RuleChange
from cogs.messaging.channels.channel_feed import CLOSED_SECONDS, GAP_SECONDS, MAX_WAITING
from cogs.messaging.channels.log_channel import LogChannel
from cogs.text import limits
from tests.cogs.messaging.channels.conftest import ChannelsWorld
from tests.fakes.clock import START
from tests.fakes.discord_channels import GUILD_ID, LOG_ID, refusal
from tests.fakes.sample_entities import PARENT, job, place


@pytest.fixture
def log_channel(channels: ChannelsWorld) -> LogChannel:
    bot = channels.client
    return LogChannel(bot, channels.rules, channels.rate_limiter, channels.supervisor, channels.clock.clock)  # type: ignore[arg-type]


def claim(claim_id: int = 1, guild_id: int = GUILD_ID, **cost: object) -> Claim:
    given = {"action": "IMAGINE", "expected": Decimal("0.1"), "currency": "USD", **cost}
    return Claim(
        id=claim_id,
        person_id=1,
        guild_id=guild_id,
        message_id=0,
        task_id=PARENT,
        button="V1",
        made_at=START,
        cost=Cost(**given),  # type: ignore[arg-type]
    )


def change(**more: object) -> RuleChange:
    given = {"guild_id": GUILD_ID, "person_id": 9, "made_at": START, "what": "cooldown", "before": "3", "after": "5"}
    return RuleChange(**{**given, **more})  # type: ignore[arg-type]


def announce(log_channel: LogChannel, count: int) -> None:
    for number in range(count):
        log_channel.announce_request(claim(number), job(pressed=f"V{number}"), "a lighthouse")


async def test_request_is_one_line_with_who_what_price_and_link(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    log_channel.announce_request(claim(), job(pressed="V1"), "a lighthouse")
    await channels.clock.advance(3)
    assert [(one.channel_id, one.text) for one in channels.client.sent] == [
        (
            LOG_ID,
            "[lien](<https://discord.com/users/1>) · V1 · about $0.10 · [message](https://discord.com/channels/6/5/700)",
        )
    ]


async def test_prompts_are_shown_only_where_the_rules_say_so(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    channels.set_rules(log_prompts=True)
    log_channel.announce_request(claim(), job(), "a lighthouse --ar 3:2")
    log_channel.announce_request(claim(is_private=True), job(), "a secret")
    log_channel.announce_request(claim(), job(place=place(ephemeral=True)), "another secret")
    await channels.clock.advance(3)
    public, *private = channels.client.lines
    assert public.endswith("· **a lighthouse** `--ar 3:2`")
    assert all(line.endswith("· Imagine · about $0.10 · private") for line in private)
    assert "secret" not in str(channels.client.sent)


async def test_line_from_a_hidden_channel_has_neither_link_nor_prompt(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    channels.set_rules(log_prompts=True)
    channels.client.hidden = {5}
    log_channel.announce_request(claim(), job(), "a secret")
    await channels.clock.advance(3)
    channels.client.hidden = {5, LOG_ID}
    log_channel.announce_request(claim(), job(), "a lighthouse")
    await channels.clock.advance(10)
    hidden, shown = channels.client.lines
    assert hidden.endswith("· Imagine · about $0.10 · private")
    assert shown.endswith("· **a lighthouse**")


async def test_burst_is_a_few_messages_and_loses_no_line_silently(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    announce(log_channel, MAX_WAITING + 12)
    await channels.clock.advance(300)
    sent = channels.client.sent
    assert all(limits.length(one.text) <= limits.CONTENT for one in sent)
    assert all(later.at - earlier.at >= GAP_SECONDS for earlier, later in pairwise(sent))
    requests = [line for line in channels.client.lines if line.startswith("[lien]")]
    assert [line.split(" · ")[1] for line in requests] == [f"V{number}" for number in range(MAX_WAITING)]
    assert sum("… and 12 more" in line for line in channels.client.lines) == 1


async def test_server_without_a_log_channel_costs_no_message(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    channels.set_rules(log_channel_id=0)
    announce(log_channel, 3)
    log_channel.announce_request(claim(guild_id=0), job(), "")
    await channels.clock.advance(60)
    assert channels.client.tries == 0


async def test_missing_permission_is_reported_once_and_needs_no_request(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    reported: list[str] = []
    log_channel.feed.report_problem = lambda guild_id, sentence: reported.append(f"{guild_id}: {sentence}")
    channels.client.missing = {"send_messages"}
    for _ in range(3):
        announce(log_channel, 1)
        await channels.clock.advance(60)
    sentence = f"I can't write in <#{LOG_ID}>: I lack **Send Messages** there. Grant it, or choose another channel."
    assert log_channel.find_problem(GUILD_ID) == sentence
    assert reported == [f"{GUILD_ID}: {sentence}"]
    assert channels.client.tries == 0
    channels.client.missing = set()
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert channels.client.lines[1].startswith("… and 3 more")
    assert log_channel.find_problem(GUILD_ID) == ""


async def test_deleted_channel_is_tried_again_only_after_a_while_or_a_change(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    channels.client.outcomes = [refusal(404, 10003), refusal(404, 10003)]
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert "the channel was deleted" in log_channel.find_problem(GUILD_ID)
    announce(log_channel, 5)
    await channels.clock.advance(60)
    assert channels.client.tries == 1
    await channels.clock.advance(CLOSED_SECONDS)
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert channels.client.tries == 2
    channels.set_rules(log_channel_id=51)
    log_channel.announce_changes([change()])
    await channels.clock.advance(60)
    assert [one.channel_id for one in channels.client.sent] == [51]
    assert log_channel.find_problem(GUILD_ID) == ""


async def test_line_is_sent_again_while_discord_fails(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    channels.client.outcomes = [refusal(503), TimeoutError()]
    announce(log_channel, 2)
    await channels.clock.advance(60)
    assert len(channels.client.lines) == 2
    channels.client.outcomes = [refusal(503)] * 4
    announce(log_channel, 2)
    await channels.clock.advance(600)
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert channels.client.lines[3].startswith("… and 2 more")


async def test_message_that_a_filter_blocks_is_left_out(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    channels.client.outcomes = [refusal(400, 200000)]
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert log_channel.find_problem(GUILD_ID) == ""
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert channels.client.lines[1].startswith("… and 1 more")


async def test_process_that_stops_writes_what_waits_and_how_much_it_leaves(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    announce(log_channel, 50)
    await channels.clock.settle()
    await channels.supervisor.stop_all(last_seconds=5)
    assert len(channels.client.sent) == 1
    shown = len(channels.client.lines) - 1
    assert channels.client.lines[-1].startswith(f"… and {50 - shown} more")


async def test_changes_say_who_what_before_and_after(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    log_channel.announce_changes(
        [
            change(what="log channel", before="", after="<#50>"),
            change(what="blocked words", before="*a*, @everyone", after="<@&7> [x](http://x.test)"),
        ]
    )
    await channels.clock.advance(3)
    assert channels.client.lines == [
        "⚙️ <@9> changed **log channel**: none → <#50>",
        "⚙️ <@9> changed **blocked words**: \\*a\\*, \\@everyone → <@&7> \\[x\\](http\\://x.test)",
    ]


async def test_lost_answer_and_unknown_price_are_said(channels: ChannelsWorld, log_channel: LogChannel) -> None:
    log_channel.announce_request(claim(), job(), "", is_answer_lost=True)
    unpriced = replace(claim(), cost=Cost(action="SWAP_FACE"))
    log_channel.announce_request(unpriced, job(), "")
    await channels.clock.advance(3)
    first, second = channels.client.lines
    assert first.endswith("the answer was lost, so it may be charged or not")
    assert " · Swap face · [message]" in second


async def test_rules_are_read_once_for_many_lines_and_survive_an_outage(
    channels: ChannelsWorld, log_channel: LogChannel
) -> None:
    announce(log_channel, 1)
    await channels.clock.advance(3)
    channels.store.down = True
    await channels.clock.advance(60)
    announce(log_channel, 1)
    await channels.clock.advance(60)
    assert len(channels.client.lines) == 2
