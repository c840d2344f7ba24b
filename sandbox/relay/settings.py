"""Say what kind of relay the sandbox plays: its key, its speed, what it offers and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

STOCK_REFUSALS = frozenset({"animate", "video_virtual_upscale", "BOOKMARK", "PicReader", "Picread", "PromptAnalyzer"})


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """The relay's nature; the defaults are a stock new-api that is quick with its answers.

    Attributes:
        key: The one API key that is let in.
        refresh_seconds: The pause of new-api's loop (15 in the field): until its first turn a task reads status ""
            and progress "0%", and after that what the upstream had at the last turn. 0: always up to date.
        seconds_per_task: From submit to SUCCESS, in eight steps.
        submit_seconds: How long a submit keeps its caller waiting; the task exists from its beginning.
        has_list: Whether `list-by-condition` is a known path.
        has_actions: Whether `submit/action` is a known path.
        has_video: Whether `submit/video` and `submit/edits` are known paths.
        refuses: Parts of a customId's action that end in 400 unknown_action.
        missing_models: Models without a channel, answered with 503.
        remix: Whether variations, rerolls and pans wait for a window, their code 21 rewritten to 1.
        parallel: How many tasks run at once; the rest queue (code 22, rewritten to 1). 0: all of them.
        queue_size: How many may queue before a submit is answered with code 23.
        zh: Whether descriptions are Chinese ("提交成功", "窗口等待").
        image_host: What the addresses of pictures begin with instead of the relay's own; `localhost:3000` is the
            trap of a relay whose server address was never set.
        image_seconds: How long a finished picture lives before it is 404.
        picture_side: A single picture is about this many pixels squared; small ones make load tests cheap.
    """

    key: str = "sk-sandbox"
    refresh_seconds: float = 0.0
    seconds_per_task: float = 20.0
    submit_seconds: float = 0.0
    has_list: bool = True
    has_actions: bool = True
    has_video: bool = True
    refuses: frozenset[str] = STOCK_REFUSALS
    missing_models: frozenset[str] = frozenset()
    remix: bool = False
    parallel: int = 0
    queue_size: int = 10
    zh: bool = False
    image_host: str = ""
    image_seconds: float = 86_400.0
    picture_side: int = 1024
