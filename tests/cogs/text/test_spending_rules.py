"""Who may draw, where and how much, in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import AgePolicy, Block, OperatorRules, Rules, ServerAccess, ServerGrant, ServerRules
from bot.errors import GuildRefusal, PersonNotAllowed, ServerNotAllowed
from bot.policy.access import GuildAccess
from bot.policy.rules import SpendingPolicy
from cogs.text.spending_rules import (
    describe_closed_guild,
    describe_guild,
    describe_person_refusal,
    describe_place,
    describe_policy,
    describe_refusal_for_log,
    describe_server_refusal,
)

GUILD_ID, PERSON_ID = 1_187_000_000_000_000_001, 1_187_000_000_000_000_002
POLICY = SpendingPolicy(
    allowed_guilds=(),
    allowed_users=(),
    application_owners=(1,),
    press_policy="anyone",
    cooldown=timedelta(seconds=3),
    daily_submits_per_person=30,
    daily_submits=500,
)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {},
            (
                "all members of the servers that you or your team own or manage (ALLOWED_GUILDS is not set); outside "
                "servers only you or your team (ALLOWED_USERS is not set). Limits: 30 jobs a day (UTC) for each "
                "person and 500 for all together, 3 s between two of one person."
            ),
        ),
        (
            {"allowed_guilds": {6, 7}, "allowed_users": {9}, "daily_submits_per_person": 1, "cooldown": timedelta()},
            (
                "all members of 2 servers (ALLOWED_GUILDS); outside servers only 1 person (ALLOWED_USERS). Limits: 1 "
                "job a day (UTC) for each person and 500 for all together, no wait between two."
            ),
        ),
        (
            {"allowed_guilds": {6}, "allowed_users": {8, 9}, "press_policy": "requester"},
            (
                "all members of 1 server (ALLOWED_GUILDS); outside servers only 2 people (ALLOWED_USERS). Only the "
                "requester of a message may press its paid buttons. Limits: 30 jobs a day (UTC) for each person and "
                "500 for all together, 3 s between two of one person."
            ),
        ),
        ({"daily_submits": 0}, "no one, because DAILY_SUBMITS is 0: drawing is switched off."),
        ({"daily_submits_per_person": 0}, "no one, because DAILY_SUBMITS_PER_PERSON is 0: drawing is switched off."),
    ],
)
def test_the_policy_is_one_line(changes: dict[str, Any], text: str) -> None:
    assert describe_policy(replace(POLICY, **changes)) == text


@pytest.mark.parametrize(
    ("refusal", "changes", "text", "step"),
    [
        (None, {"allowed_guilds": {6}}, "this server may draw, because ALLOWED_GUILDS names it.", ""),
        (None, {}, "this server may draw, because you or your team own or manage it.", ""),
        (None, {"daily_submits": 0}, "no one may draw, because DAILY_SUBMITS is 0.", "set DAILY_SUBMITS to 1 or more"),
        (
            None,
            {"daily_submits_per_person": 0},
            "no one may draw, because DAILY_SUBMITS_PER_PERSON is 0.",
            "set DAILY_SUBMITS_PER_PERSON to 1 or more",
        ),
        ("not listed", {}, "no one may draw, because ALLOWED_GUILDS names only other servers.", f"add {GUILD_ID} to"),
        ("not managed", {}, "no one may draw, because neither the owner", f"set ALLOWED_GUILDS to {GUILD_ID}"),
        ("owners unknown", {}, "no one may draw, because Discord has not told yet who owns", "Try again"),
        ("managers unknown", {}, "no one may draw, because Discord does not tell who manages", "Try again"),
    ],
)
def test_each_server_has_its_reason_and_the_next_step(
    refusal: GuildRefusal | None, changes: dict[str, Any], text: str, step: str
) -> None:
    message, advice = describe_guild(replace(POLICY, **changes), GuildAccess(GUILD_ID, "Art", refusal))
    assert message.startswith(text)
    assert step in advice
    assert bool(step) == bool(advice)


@pytest.mark.parametrize(
    ("rules", "text", "step"),
    [
        (Rules(operator=OperatorRules(paused=True)), "no one may draw, because you paused all drawing", "/mjadmin"),
        (Rules(grant=ServerGrant(access=ServerAccess.DENIED)), "no one may draw, because you denied it", "/mjadmin"),
        (Rules(server=ServerRules(paused=True)), "no one may draw, because its managers paused it.", "/mjresume"),
        (Rules(grant=ServerGrant(access=ServerAccess.ALLOWED)), "this server may draw, because you allowed it", ""),
    ],
)
def test_rules_of_discord_change_what_is_said_of_a_server(rules: Rules, text: str, step: str) -> None:
    guild = GuildAccess(GUILD_ID, "Art", None, rules)
    message, advice = describe_guild(POLICY, guild)
    assert message.startswith(text)
    assert step in advice
    assert guild.may_draw is (not step)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (Rules(), ""),
        (Rules(server=ServerRules(member_limits=(), private_answers=False)), ""),
        (
            Rules(
                server=ServerRules(denied_roles=frozenset({5}), allowed_channels=frozenset({6})),
                blocks=(Block(guild_id=GUILD_ID, person_id=PERSON_ID), Block(guild_id=0, person_id=9)),
            ),
            " This server's rules: 1 role may not draw, only 1 channel, 1 member blocked.",
        ),
        (
            Rules(server=ServerRules(allowed_roles=frozenset({5, 6}), age_policy=AgePolicy.REFUSE)),
            " This server's rules: only 2 roles, only age-restricted channels.",
        ),
    ],
)
def test_a_servers_own_rules_are_summarized(rules: Rules, text: str) -> None:
    guild = GuildAccess(GUILD_ID, "Art", None, rules)
    said = f"this server may draw, because you or your team own or manage it.{text}"
    assert describe_guild(POLICY, guild) == (said, "")


def test_a_pause_of_everything_is_named_first() -> None:
    assert describe_policy(POLICY, is_paused=True) == "no one, because you paused all drawing in /mjadmin."


@pytest.mark.parametrize("refusal", ["not listed", "not managed", "owners unknown", "managers unknown"])
@pytest.mark.parametrize("is_operator", [True, False])
def test_a_refusal_in_a_server_addresses_the_operator_as_you(refusal: GuildRefusal, *, is_operator: bool) -> None:
    """With the server's id, unless Discord's silence is the reason; the log has it always."""
    error = ServerNotAllowed(GUILD_ID, refusal, is_operator=is_operator)
    text = describe_server_refusal(error)
    assert len(text) <= 250
    assert "unknown" in refusal or f"`{GUILD_ID}`" in text
    assert "unknown" in refusal or is_operator == (" you " in f" {text.lower()} " or text.startswith("You "))
    assert "unknown" in refusal or is_operator != ("operator of this bot" in text)
    logged = describe_refusal_for_log(error)
    assert logged.startswith(
        f"{'the operator' if is_operator else 'a member'} may not draw in server {GUILD_ID}, because "
    )


@pytest.mark.parametrize(
    ("error", "text", "logged"),
    [
        (
            PersonNotAllowed(PERSON_ID, is_operator=True),
            f"you aren't one of them. Add your own id, `{PERSON_ID}`,",
            f"the operator ({PERSON_ID}) may not draw outside servers",
        ),
        (
            PersonNotAllowed(PERSON_ID),
            f"The operator of this bot can add your user id, `{PERSON_ID}`, to `ALLOWED_USERS`.",
            f"a person ({PERSON_ID}) may not draw outside servers",
        ),
        (
            PersonNotAllowed(PERSON_ID, is_operator=True, unjoined_guild_id=GUILD_ID),
            f"You allowed this server (`{GUILD_ID}`) in `ALLOWED_GUILDS`, but I haven't joined it",
            f"in server {GUILD_ID}, which the bot has not joined",
        ),
        (
            PersonNotAllowed(PERSON_ID, unjoined_guild_id=GUILD_ID, owners_unknown=True),
            "Discord hasn't told me who my operator is, so I can't tell who may draw outside servers.",
            "outside servers, because Discord has not told yet who owns the application",
        ),
    ],
)
def test_a_refusal_outside_servers_names_the_person(error: PersonNotAllowed, text: str, logged: str) -> None:
    assert text in describe_person_refusal(error)
    assert len(describe_person_refusal(error)) <= 250
    assert logged in describe_refusal_for_log(error)


@pytest.mark.parametrize(
    ("changes", "refusal", "guild", "text"),
    [
        ({}, None, True, "All members of this server may use paid commands and buttons: 30 jobs a day"),
        ({"press_policy": "requester"}, None, False, "You may use paid commands and buttons: 30 jobs a day"),
        ({"daily_submits": 0}, None, True, "Everything paid is switched off on this bot."),
        ({}, ServerNotAllowed(GUILD_ID, "not listed"), True, "This server isn't allowed to use paid commands yet."),
        ({}, PersonNotAllowed(PERSON_ID), False, "Outside its servers, only people on this bot's list can use paid"),
    ],
)
def test_members_are_told_who_may_draw_where_they_are(
    changes: dict[str, Any], refusal: ServerNotAllowed | PersonNotAllowed | None, text: str, *, guild: bool
) -> None:
    said = describe_place(replace(POLICY, **changes), refusal, guild=guild)
    assert said.startswith(text)
    assert said.endswith("`/mjstatus` is free for everyone.")
    assert ("Only the person who asked" in said) == ("press_policy" in changes)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(86_400, "24 h between two"), (300, "5 min between two"), (90, "90 s between two"), (0.5, "0.5 s between two")],
)
def test_a_pause_has_the_largest_unit_that_fits(seconds: float, said: str) -> None:
    assert said in describe_policy(replace(POLICY, cooldown=timedelta(seconds=seconds)))


@pytest.mark.parametrize("refusal", ["not listed", "not managed", "owners unknown"])
def test_the_operator_is_addressed_as_such(refusal: GuildRefusal) -> None:
    said = describe_closed_guild(refusal, to_operator=True)
    assert ("neither you nor your team" in said) == (refusal == "not managed")
