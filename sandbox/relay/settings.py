"""Say what kind of relay the sandbox plays: its key, its speed, what it offers and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.pictures import Format
from sandbox.relay.accounts.keys import Key

Software = Literal["new-api", "newapi-2025", "newapi-2026", "onehub", "midjourney-proxy"]
"""The program that answers; `new-api` is no version of its own, and has no routes under `/api`."""

STOCK_REFUSALS = frozenset({"animate", "video_virtual_upscale", "BOOKMARK", "PicReader", "Picread", "PromptAnalyzer"})


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """The relay's nature; the defaults are a stock new-api that is quick with its answers.

    Attributes:
        software: The program that it plays; sandbox/relay/profiles.py has the settings that go with each.
        key: The API key that is let in; its account is unlimited.
        keys: Further keys.
        asks_key: Whether a key is asked for at all; midjourney-proxy asks only where a secret was set.
        refresh_seconds: The pause of new-api's loop (15 in the field): until its first turn a task reads status ""
            and progress "0%", and after that what the upstream had at the last turn. 0: always up to date.
        lag_ticks: After a form, how many turns after the end of the second row the first row of that id catches up.
        seconds_per_task: From submit to SUCCESS, in eight steps.
        slow_prompt_word: Tasks whose prompt holds it take a hundred times as long.
        submit_seconds: How long a submit keeps its caller waiting; the task exists from its beginning.
        seed_seconds: How long a seed keeps its caller waiting (30 to 60 in the field).
        has_list: Whether `list-by-condition` is a known path.
        has_actions: Whether `submit/action` is a known path.
        has_cancel: Whether `task/{id}/cancel` is a known path, as on the proxies behind a gateway.
        has_video: Whether `submit/video` and `submit/edits` are known paths, and rows have the fields of clips.
        has_speeds: Whether a queue may stand before the path, as `/mj-relax/mj/...`; new-api takes any word there.
        missing_routes: Further routes, by the names of `Relay.requests`, that this build answers with its console.
        refuses: Parts of a customId's action that end in 400 unknown_action; empty on a patched relay,
            which passes on whatever comes.
        missing_models: Models without a channel, answered with 503.
        remix: Whether variations, rerolls, pans and animations wait for a window, their code 21 rewritten to 1.
        remixes_on_demand: Whether they do where a submit says `enableRemix`, a field of TrueAI's proxy; what its other
            builds make of it is not known.
        official: Whether the upstream's accounts are Midjourney's own site: an upscale of a grid is done at once, and
            buttons are made up by the proxy, with other ids and an emoji that is none.
        web_button: Whether single pictures have the link "Web", of which new-api leaves a button without id and url.
        image_urls: Whether a finished grid tells the addresses of its four pictures.
        knows_twins: Whether the same upscale or variation again answers with the same task (a 21 rewritten to 1).
        imagines_all: Whether "Imagine all" works, and answers with four ids in one string.
        clip_format: Clips are H.264 in MP4, or the animated WebP that Discord hands out.
        parallel: How many tasks run at once; the rest queue (code 22, rewritten to 1). 0: all of them.
        queue_size: How many may queue before a submit is answered with code 23.
        spaces_json: Whether the upstream writes blanks after its colons, so that no code is rewritten.
        zh: Whether descriptions are Chinese ("提交成功", "窗口等待").
        image_host: What the addresses of pictures begin with instead of the relay's own; `localhost:3000` is the
            trap of a relay whose server address was never set.
        image_seconds: How long a finished picture lives before it is 404.
        picture_side: A single picture is about this many pixels squared; small ones make load tests cheap.
    """

    software: Software = "new-api"
    key: str = "sk-sandbox"
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
    picture_side: int = 1024

    def task_seconds(self, prompt: str) -> float:
        """Return how long a task of this prompt runs."""
        return self.seconds_per_task * (100 if self.slow_prompt_word and self.slow_prompt_word in prompt else 1)

    @property
    def is_proxy(self) -> bool:
        """Whether midjourney-proxy answers itself, with no new-api before it."""
        return self.software == "midjourney-proxy"

    @property
    def is_recorded(self) -> bool:
        """Whether it plays software that was recorded, with its routes under `/api` and its headers."""
        return self.software != "new-api"

    def can_create(self, life: str) -> bool:
        """Whether a task of such a life (see sample_tasks) can come to be by a submit to this software."""
        if self.is_proxy:
            return life in {"running", "grid", "single", "failed", "describe"}
        return self.has_video or life not in {"video", "clip"}

    def is_missing(self, route: str) -> bool:
        """Whether this build has no such route, and answers it with its console."""
        return (
            route in self.missing_routes
            or (route == "list" and not self.has_list)
            or (route in {"tasks", "queue"} and not self.is_proxy)
            or (route == "action" and not self.has_actions)
            or (route == "cancel" and not self.has_cancel)
            or (route in {"video", "edits"} and not self.has_video)
        )
