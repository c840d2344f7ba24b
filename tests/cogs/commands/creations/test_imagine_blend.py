"""/imagine and /blend with discord.py and a relay: results, and unpaid refusals."""

from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.text_cleaning import clean_text
from cogs.commands.creations.imagine_blend import ImagineBlendCog
from sandbox.relay import RelaySettings
from tests.pictures import draw_noise, encode, make_animation, make_bomb
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world, rows, title_of

PNG = encode(draw_noise(96, 96))


async def drawn(w: SimcordWorld, name: str, **options: Any) -> Any:  # noqa: ANN401
    """Run a command and wait for its finished picture."""
    answer = await w.slash(w.member, name, **options)
    assert answer.response is not None, w.said(answer)
    return await w.pictured(answer.response.id)


def sent(w: SimcordWorld) -> list[tuple[str, dict[str, Any]]]:
    """Return the accepted submits as path and body."""
    return [(one.path, one.body) for one in w.relay.submits]


@pytest.mark.parametrize("name", ["stylize", "chaos", "weird"])
def test_an_options_description_names_its_range(name: str) -> None:
    """Discord shows the range only after a mistake."""
    option = ImagineBlendCog.imagine.get_parameter(name)
    assert option is not None
    assert f"{option.min_value} to {option.max_value}" in str(option.description)


async def test_a_prompt_becomes_four_pictures_in_one_message(tmp_path: Path) -> None:
    """The response ends as the picture with its buttons, and mentions no one."""
    async with open_simcord_world(tmp_path) as w:
        shown = await drawn(w, "imagine", prompt="a lighthouse at dawn")
        assert title_of(shown).startswith("✅ Four pictures")
        assert rows(shown) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"], ["Split", "🗑️"]]
        assert (shown.embeds[0].description or "").startswith("**a lighthouse at dawn**")
        assert len(w.public) == 1
        [(path, body)] = sent(w)
        assert (path, body["prompt"]) == ("/mj/submit/imagine", "a lighthouse at dawn")
        assert body["state"].startswith("mjbot:")
        assert not w.env.errors


async def test_options_become_parameters(tmp_path: Path) -> None:
    """Each option is written as Midjourney has it, behind the words."""
    async with open_simcord_world(tmp_path) as w:
        await drawn(
            w, "imagine", prompt="a cat — really", aspect="3x2", version="7", stylize=250, chaos=10, weird=5, seed=9,
            no="text, people", tile=True, raw=True, speed="relax",
        )  # fmt: skip
        [(_, body)] = sent(w)
        assert body["prompt"] == (
            "a cat - really --ar 3:2 --v 7 --stylize 250 --chaos 10 --weird 5 --seed 9 --no text, people"
            " --tile --raw --relax"
        )


async def test_three_reference_images_are_sent(tmp_path: Path) -> None:
    """They are sent in the order of the options, as data URLs."""
    async with open_simcord_world(tmp_path) as w:
        await drawn(w, "imagine", prompt="these", image=("a.png", PNG), image3=("b.png", PNG))
        [(_, body)] = sent(w)
        assert [url.partition(",")[0] for url in body["base64Array"]] == ["data:image/png;base64"] * 2


async def test_two_pictures_need_no_words_but_a_prompt_does(tmp_path: Path) -> None:
    """Parameters alone are a prompt where there are two pictures."""
    async with open_simcord_world(tmp_path) as w:
        await drawn(w, "imagine", prompt="--ar 3:2", image=("a.png", PNG), image2=("b.png", PNG))
        assert [body["prompt"] for _, body in sent(w)] == ["--ar 3:2"]


BAD_PROMPTS: list[tuple[dict[str, Any], str]] = [
    ({"prompt": "--ar 3:2"}, "only parameters"),
    ({"prompt": "\u200b\u202e\u2066"}, "This prompt is empty"),
    ({"prompt": "x" * 6000, "aspect": "3:2"}, "Shorten it to 6000"),
    ({"prompt": "a cat --chaos 900"}, "`--chaos` must be between `0` and `100`"),
    ({"prompt": "a cat --aspekt 3:2"}, "`--aspekt` isn't a Midjourney parameter"),
    ({"prompt": "a cat --ar 3:2", "aspect": "16:9"}, "in the prompt and as an option"),
    ({"prompt": "a cat", "version": "7", "niji": "6"}, "can't be used together"),
    ({"prompt": "a cat", "aspect": "wide"}, "in the option `aspect`"),
    ({"prompt": "a cat", "version": "latest"}, "`--v`"),
    ({"prompt": "a {red, green} cat"}, "one at a time"),
    ({"prompt": "a cat", "image": ("a.mp4", b"xxxx")}, "video/mp4"),
    ({"prompt": "a cat", "image2": ("list.txt", b"xxxx")}, "text/plain"),
    ({"prompt": "a cat", "image3": ("huge.png", bytes(33 * 2**20))}, "33 MiB"),
]


@pytest.mark.parametrize(("options", "said"), BAD_PROMPTS)
async def test_invalid_options_are_refused_before_deferring(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    """The first response is one ephemeral sentence; nothing is sent to the relay."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "imagine", **options)
        told = w.said(answer)
        assert said in told
        if clean_text(options["prompt"]):
            assert options["prompt"][:1500] in told.partition("You wrote:\n```\n")[2]
        assert not answer.followups
        assert not w.public
        assert w.relay.submits == []
        assert w.relay_requests == 0


BAD_PICTURES = [
    ("tiny.png", encode(draw_noise(4, 4)), "4 x 4 pixels"),
    ("moves.gif", make_animation("GIF"), "animated"),
    ("half.png", PNG[: len(PNG) // 2], "broken"),
    ("liar.png", b"%PDF-1.7 and more", "PDF"),
    ("bomb.png", make_bomb(60_000, 60_000), "million pixels"),
]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(("name", "data", "said"), BAD_PICTURES)
async def test_an_unusable_picture_deletes_the_deferred_response(
    tmp_path: Path, name: str, data: bytes, said: str, *, private: bool
) -> None:
    """Only its bytes show that, after deferring; the person gets an ephemeral sentence, unpaid."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "imagine", prompt="a cat", image=(name, data), private=private)
        assert said in await w.told(answer)
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


HOSTILE = [
    "@everyone <@&1> look",
    "```fences``` and **stars** || spoilers ||",
    "\u202eright to left\u202c مرحبا بالعالم",
    "a cat\u200b\u200b with [a link](https://evil.test/) :tada:",
]


@pytest.mark.parametrize("prompt", HOSTILE)
async def test_hostile_words_leave_the_message_whole(tmp_path: Path, prompt: str) -> None:
    """They are sent and shown unchanged: without mentions or reversed text."""
    async with open_simcord_world(tmp_path) as w:
        shown = await drawn(w, "imagine", prompt=prompt)
        text = shown.embeds[0].description or ""
        assert text.count("\n") <= 3
        assert "\u202e" not in text
        assert "```" not in text
        assert not shown.mention_everyone
        assert len(w.relay.submits) == 1


async def test_a_prompt_of_6000_characters_is_accepted(tmp_path: Path) -> None:
    """Discord's longest option is sent whole, and shown cut."""
    async with open_simcord_world(tmp_path) as w:
        prompt = ("cat " * 1500).strip()
        shown = await drawn(w, "imagine", prompt=prompt)
        assert [body["prompt"] for _, body in sent(w)] == [prompt]
        assert len(shown.embeds[0].description or "") < 1000


async def test_a_person_who_may_not_spend_is_refused(tmp_path: Path) -> None:
    """Admission binds every command; the public answer is gone."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset({GUILD_ID + 1})) as w:
        answer = await w.slash(w.member, "imagine", prompt="a cat")
        assert "ALLOWED_GUILDS" in await w.told(answer)
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


@pytest.mark.parametrize("private", [False, True])
async def test_a_banned_word_is_named(tmp_path: Path, *, private: bool) -> None:
    """Code 24 names the word to the person alone, and takes the message back."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.refuse("imagine", "banned")
        answer = await w.slash(w.member, "imagine", prompt="a bloody mess", private=private)
        assert "doesn't allow" in await w.told(answer)
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


async def test_a_relay_without_accounts_advises_to_try_later(tmp_path: Path) -> None:
    """Code 3 is not waited for."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.refuse("imagine", "no account")
        answer = await w.slash(w.member, "imagine", prompt="a cat")
        assert "Try again in a minute" in await w.told(answer)
        assert w.relay.submits == []
        assert w.relay.requests["imagine"] == 1


async def test_a_full_queue_is_retried_in_the_message(tmp_path: Path) -> None:
    """Code 23 is shown in the message, which then ends with the picture, paid once."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.refuse("imagine", "queue full")
        answer = await w.slash(w.member, "imagine", prompt="a patient cat")
        assert answer.response is not None
        waiting = await w.titled(answer.response.id, "⏳ The service's queue is full")
        text = waiting.embeds[0].description or ""
        assert text.startswith("**a patient cat**")
        assert "Trying again <t:" in text
        shown = await w.pictured(answer.response.id)
        assert title_of(shown).startswith("✅ Four")
        assert (w.relay.requests["imagine"], len(w.relay.submits)) == (2, 1)


async def test_private_makes_the_response_ephemeral(tmp_path: Path) -> None:
    """With `private` only the person sees the message, and it lives all the same."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "imagine", prompt="a cat", private=True)
        assert answer.response is not None
        assert answer.response.ephemeral
        await w.titled(answer.response.id, "✅ Four")
        assert not w.public


async def test_an_unknown_outcome_is_shown_in_the_message(tmp_path: Path) -> None:
    """It may be paid, so it is not sent again."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=64)) as w:
        w.relay.script("imagine", 502, text="<html>502</html>", content_type="text/html")
        answer = await w.slash(w.member, "imagine", prompt="a cat")
        assert answer.response is not None
        await w.titled(answer.response.id, "❔ Unknown whether it was accepted")
        assert w.relay.requests["imagine"] == 1


@pytest.mark.parametrize("private", [False, True])
async def test_an_unwritable_database_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, private: bool
) -> None:
    """The message that says "Sending" is deleted, and nothing is sent to the relay."""
    async with open_simcord_world(tmp_path) as w:

        async def fail(_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(w.app.store, "open_job", fail)
        answer = await w.slash(w.member, "imagine", prompt="a cat", private=private)
        assert "can't reach my database" in await w.told(answer)
        await w.until(lambda: not w.public)
        assert not private or not (answer.response and answer.response.embeds)
        assert w.relay.submits == []


@pytest.mark.parametrize(
    ("option", "typed", "first"), [("aspect", "16", "16:9"), ("version", "", "8.2"), ("niji", "9", "9")]
)
async def test_common_values_are_suggested(tmp_path: Path, option: str, typed: str, first: str) -> None:
    """The typed text itself is suggested if no known value starts with it."""
    async with open_simcord_world(tmp_path) as w:
        found = await w.act(w.member.autocomplete(w.channel, "imagine", option, typed))
        assert found.autocomplete_choices is not None
        assert found.autocomplete_choices[0]["value"] == first
