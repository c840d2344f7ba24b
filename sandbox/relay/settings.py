"""Define which relay the sandbox imitates: its software, its keys, its speed and its features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.pictures import Format
from sandbox.relay.accounts.keys import Key

Software = Literal["new-api", "newapi-2025", "newapi-2026", "onehub", "midjourney-proxy"]
"""The relay's program; `new-api` stands for no particular version, and has no routes under `/api`."""

DisplayType = Literal["USD", "CNY", "TOKENS", "CUSTOM"]
"""What the console of new-api shows amounts in; that of 2025 knows dollars and its own units (TOKENS) only."""

Pricing = Literal["open", "disabled", "login"]
"""Who may read the price list of new-api of 2026: anyone, no one, or people who are logged in to the console."""

UNITS = 500_000
"""How many of new-api's units are one dollar, unless its administrator changes that."""

STOCK_REFUSALS = frozenset({"animate", "video_virtual_upscale", "BOOKMARK", "PicReader", "Picread", "PromptAnalyzer"})


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """The settings of one relay; the defaults are a stock new-api that answers without delay.

    Attributes:
        software: The program that it imitates; sandbox/relay/profiles.py has the settings of each.
        key: The relay's own API key.
        key_quota: What it may spend, in the relay's units; None for an unlimited key.
        group: Its group.
        group_ratio: The factor by which that group multiplies every price.
        keys: Additional keys.
        requires_key: Whether requests need a key; midjourney-proxy requires one only if a secret was set.
        refresh_seconds: Seconds between two rounds of new-api's update loop (15 as deployed): until the first round
            a task has status "" and progress "0%", then what the upstream had at the last round. 0: always current.
        lag_ticks: After a form, how many rounds after the end of the second row the first row of that id is updated.
        seconds_per_task: Seconds from submit to SUCCESS, in eight steps.
        slow_prompt_word: Tasks whose prompt contains it take a hundred times as long.
        submit_seconds: Seconds until a submit is answered; the task exists from the start.
        seed_seconds: Seconds until a seed is answered (30 to 60 as deployed).
        has_list: Whether `list-by-condition` exists.
        has_actions: Whether `submit/action` exists.
        has_cancel: Whether `task/{id}/cancel` exists, as on the proxies behind a gateway.
        has_video: Whether `submit/video` and `submit/edits` exist, and rows have the fields of clips.
        has_speeds: Whether the path may begin with a speed, as in `/mj-relax/mj/...`; new-api accepts any word.
        missing_routes: Other routes, by the names of `Relay.requests`, that this build answers with its console.
        refused_actions: Parts of a customId's action that are refused with 400 unknown_action; empty on a patched
            relay, which passes every customId on.
        missing_models: Models without a channel, refused with 503.
        has_remix: Whether variations, rerolls, pans and animations wait for a form, their code 21 rewritten to 1.
        has_remix_on_demand: Whether they wait for a form if the submit contains `enableRemix`, a field of TrueAI's
            proxy; how its other builds handle the field is not known.
        official: Whether the upstream uses accounts of Midjourney's own site: upscales of a grid end at once, and the
            proxy builds the buttons itself, with other ids and an invalid emoji.
        web_button: Whether single pictures have the link button "Web", which new-api passes on without id and url.
        image_urls: Whether a finished grid lists the URLs of its four pictures.
        recognizes_repeats: Whether a repeated upscale or variation returns the first task (a 21 rewritten to 1).
        has_imagine_all: Whether "Imagine all" works, and answers with four ids in one string.
        clip_format: H.264 in MP4, or animated WebP as served by Discord.
        max_running: How many tasks run at once; the others wait (code 22, rewritten to 1). 0: no limit.
        queue_size: How many tasks may wait before a submit is refused with code 23.
        spaces_json: Whether the upstream writes blanks after colons, so that new-api rewrites no code.
        is_chinese: Whether descriptions are Chinese ("提交成功", "窗口等待").
        image_host: The host of the pictures' URLs, if not the relay's own; `localhost:3000` is what a relay uses whose
            server address was never set.
        image_seconds: Seconds after which a finished picture is answered with 404.
        quota_per_unit: How many of the relay's units are one dollar.
        display_type: What amounts are shown in, also by the billing routes.
        usd_exchange_rate: How many yuan one dollar is.
        custom_symbol: The sign of the currency CUSTOM.
        custom_rate: How much of it one dollar is.
        model_prices: Prices in dollars that differ from new-api's defaults, by the name of the model.
        has_speed_models: Whether the speed of a request is a part of its model's name, as in one-hub and in forks.
        pricing: Who may read `/api/pricing`.
        keeps_log: Whether consumption is logged; else the log of every key stays empty.
        has_account_routes: Whether the routes about money exist; else the console answers them with its page.
        account_quota: What the account of the keys had at the start, in the relay's units. If it is given, the billing
            routes tell what the account has left, not the key.
        picture_side: A single picture has about this many pixels squared; small pictures make load tests cheap.
    """

    software: Software = "new-api"
    key: str = "sk-sandbox"
    key_quota: int | None = None
    group: str = "default"
    group_ratio: float = 1.0
    keys: tuple[Key, ...] = ()
    requires_key: bool = True
    refresh_seconds: float = 0.0
    lag_ticks: int = 1
    seconds_per_task: float = 20.0
    slow_prompt_word: str = ""
    submit_seconds: float = 0.0
    seed_seconds: float = 0.0
    has_list: bool = True
    has_actions: bool = True
    has_cancel: bool = False
    has_video: bool = True
    has_speeds: bool = True
    missing_routes: frozenset[str] = frozenset()
    refused_actions: frozenset[str] = STOCK_REFUSALS
    missing_models: frozenset[str] = frozenset()
    has_remix: bool = False
    has_remix_on_demand: bool = False
    official: bool = False
    web_button: bool = False
    image_urls: bool = False
    recognizes_repeats: bool = False
    has_imagine_all: bool = False
    clip_format: Format = "mp4"
    max_running: int = 0
    queue_size: int = 10
    spaces_json: bool = False
    is_chinese: bool = False
    image_host: str = ""
    image_seconds: float = 86_400.0
    quota_per_unit: int = UNITS
    display_type: DisplayType = "USD"
    usd_exchange_rate: float = 7.3
    custom_symbol: str = "\u00a4"
    custom_rate: float = 1.0
    model_prices: Mapping[str, float] = field(default_factory=dict[str, float])
    has_speed_models: bool = False
    pricing: Pricing = "open"
    keeps_log: bool = True
    has_account_routes: bool = True
    account_quota: int | None = None
    picture_side: int = 1024

    def task_seconds(self, prompt: str) -> float:
        """Return how long a task of this prompt runs."""
        return self.seconds_per_task * (100 if self.slow_prompt_word and self.slow_prompt_word in prompt else 1)

    @property
    def is_proxy(self) -> bool:
        """Whether midjourney-proxy answers directly, without new-api in front of it."""
        return self.software == "midjourney-proxy"

    @property
    def is_recorded(self) -> bool:
        """Whether the software was recorded, so that its headers and its routes under `/api` are known."""
        return self.software != "new-api"

    def can_create(self, kind: str) -> bool:
        """Whether a submit to this software can create a task of this kind (see sample_tasks)."""
        if self.is_proxy:
            return kind in {"running", "grid", "single", "failed", "describe"}
        return self.has_video or kind not in {"video", "clip"}

    def is_missing(self, route: str) -> bool:
        """Whether this build lacks a route, and answers it with its console."""
        return (
            route in self.missing_routes
            or (route == "list" and not self.has_list)
            or (route in {"tasks", "queue"} and not self.is_proxy)
            or (route == "action" and not self.has_actions)
            or (route == "cancel" and not self.has_cancel)
            or (route in {"video", "edits"} and not self.has_video)
        )
