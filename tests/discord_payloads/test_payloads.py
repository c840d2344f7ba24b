"""What Discord refuses is refused here, one example per rule; what it takes passes."""

import copy
from typing import Any

import pytest

from tests.discord_payloads.components import emoji_refusal
from tests.discord_payloads.forms import choice_refusals, command_refusals, modal_refusals
from tests.discord_payloads.message import refusals


def message(**changes: object) -> dict[str, Any]:
    """A message that uses much of what we send, with `changes` at its top level."""
    base: dict[str, Any] = {
        "content": "hello",
        "embeds": [
            {
                "title": "✅ Four pictures",
                "description": "**a lighthouse** `--ar 3:2`",
                "url": "https://example.com/a?b=c",
                "color": 0x57F287,
                "timestamp": "2026-11-23T21:18:28.123000+00:00",
                "footer": {"text": "IMAGINE · 1", "icon_url": "https://example.com/i.png"},
                "author": {"name": "lien"},
                "fields": [{"name": "a", "value": "b", "inline": True}],
                "image": {"url": "attachment://a-lighthouse_1.png"},
                "thumbnail": {"url": "http://127.0.0.1:8080/x.webp"},
            }
        ],
        "components": [
            row(button(custom_id="a"), button(custom_id="b", label=None, emoji={"name": "🔄"})),
            row({"type": 2, "style": 5, "label": "Open", "url": "https://example.com"}),
            row({"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "1"}]}),
        ],
        "attachments": [{"id": 0, "filename": "a-lighthouse_1.png", "description": "a lighthouse"}],
    }
    return {**copy.deepcopy(base), **changes}


def row(*children: dict[str, Any]) -> dict[str, Any]:
    """An action row."""
    return {"type": 1, "components": list(children)}


def button(**changes: object) -> dict[str, Any]:
    """A gray button."""
    return {"type": 2, "style": 2, "label": "U1", "custom_id": "mj:u:1:a", **changes}


def embed(**changes: object) -> dict[str, Any]:
    """The body of a message with one embed."""
    return {"embeds": [{"title": "t", **changes}]}


def rows(*given: object) -> dict[str, Any]:
    """The body of a message with these rows."""
    return {"content": "x", "components": list(given)}


def one(**changes: object) -> dict[str, Any]:
    """The body of a message with one button."""
    return rows(row(button(**changes)))


def v2(*components: object, **changes: object) -> dict[str, Any]:
    """The body of a components v2 message."""
    return {"flags": 1 << 15, "components": list(components), **changes}


TEXT = {"type": 10, "content": "hello"}


def test_a_full_message_passes() -> None:
    """A message that uses what we send is taken."""
    assert refusals(message(), files=["a-lighthouse_1.png"]) == []


def test_a_v2_message_passes() -> None:
    """A components v2 message of containers, sections and galleries is taken."""
    section = {"type": 9, "components": [TEXT], "accessory": button()}
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}
    assert refusals(v2({"type": 17, "components": [section, gallery, {"type": 14}]}, TEXT), files=["a.png"]) == []


REFUSED = {
    "content is 2001": {"content": "x" * 2001},
    "content is 2002": {"content": "😀" * 1001},
    "the message is empty": {"content": "  "},
    "allowed_mentions names users": {
        "content": "x",
        "allowed_mentions": {"parse": ["users"], "users": ["1"]},
    },
    "embeds are 11": {"embeds": [{"title": "t"}] * 11},
    "embeds hold 6001": {"embeds": [{"description": "x" * 3000}, {"description": " " + "x" * 3001 + " "}]},
    "embeds[0].title is 257": embed(title="x" * 257),
    "embeds[0].description is 4097": embed(description="x" * 4097),
    "embeds[0].footer.text is 2049": embed(footer={"text": "x" * 2049}),
    "embeds[0].author.name is 257": embed(author={"name": "x" * 257}),
    "embeds[0].footer.text is empty": embed(footer={"icon_url": "https://example.com/i.png"}),
    "embeds[0].author.name is empty": embed(author={"url": "https://example.com/"}),
    "embeds[0].fields are 26": embed(fields=[{"name": "a", "value": "b"}] * 26),
    "embeds[0].fields[0].name is empty": embed(fields=[{"name": " ", "value": "b"}]),
    "embeds[0].fields[0].value is empty": embed(fields=[{"name": "a", "value": ""}]),
    "embeds[0].fields[0].name is 257": embed(fields=[{"name": "x" * 257, "value": "b"}]),
    "embeds[0].fields[0].value is 1025": embed(fields=[{"name": "a", "value": "x" * 1025}]),
    "embeds[0] is empty": {"embeds": [{"color": 1}]},
    "embeds[0].color": embed(color=0x1000000),
    "embeds[0].timestamp": embed(timestamp="yesterday"),
    "embeds[0].url has the scheme javascript": embed(url="javascript://example.com/%0aalert"),
    "embeds[0].url has the scheme ftp": embed(url="ftp://example.com/a"),
    "embeds[0].url is no well-formed": embed(url="https://example.com/a b"),
    "embeds[0].url is no well-formed URL": embed(url="https://example..com/"),
    "embeds[0].author.url is no well-formed": embed(author={"name": "a", "url": "http://localhost/a"}),
    "embeds[0].image.url is no well-formed": embed(image={"url": "https://example.com:port/a"}),
    "embeds[0].image.url is 2": embed(image={"url": "https://example.com/" + "x" * 2048}),
    "embeds[0].image.url names 'b.png', which is not among": embed(image={"url": "attachment://b.png"}),
    "embeds[0].thumbnail.url names 'ä.png': only": {
        **embed(thumbnail={"url": "attachment://ä.png"}),
        "attachments": [{"id": 0, "filename": "ä.png"}],
    },
    "embeds[0].image.url names 'a.bmp', whose extension": {
        **embed(image={"url": "attachment://a.bmp"}),
        "attachments": [{"id": 0, "filename": "a.bmp"}],
    },
    "embeds[0].footer.icon_url is no well-formed": embed(footer={"text": "a", "icon_url": "nothing"}),
    "attachments are more than 10": {"attachments": [{"id": n, "filename": f"{n}.png"} for n in range(11)]},
    "attachments[0].description is 1025": {"attachments": [{"id": 0, "description": "x" * 1025}]},
    "components are 6 rows": rows(*(row(button(custom_id=str(n))) for n in range(6))),
    "components[0] holds 6": rows(row(*(button(custom_id=str(n)) for n in range(6)))),
    "components[0] holds 0": rows(row()),
    "components[0] is a button outside": rows(button()),
    "components[0] is a select outside": rows({"type": 5, "custom_id": "s"}),
    "components[0] holds something else": v2(row({"type": 14})),
    "components[0] holds a select and": rows(row({"type": 5, "custom_id": "s"}, button())),
    "custom_id 'mj:u:1:a' is used 2 times": rows(row(button()), row(button())),
    "components[0].components[0].style": one(style=7),
    "components[0].components[0] has neither": one(label=None),
    "components[0].components[0].label is empty": one(label="", emoji={"name": "🔄"}),
    "components[0].components[0].label is 81": one(label="x" * 81),
    "components[0].components[0].custom_id is empty": one(custom_id=None),
    "components[0].components[0].custom_id is 101": one(custom_id="x" * 101),
    "components[0].components[0] has a url and": one(url="https://example.com/"),
    "components[0].components[0] is a link without": one(style=5, custom_id=None),
    "components[0].components[0] is a link with a": one(style=5, url="https://example.com/"),
    "components[0].components[0].url has the scheme": one(style=5, custom_id=None, url="discord://a.b/c"),
    "components[0].components[0].url is 513": one(style=5, custom_id=None, url="https://a.com/".ljust(513, "x")),
    "components[0].components[0] is a premium": one(style=6, sku_id="1"),
    "components[0].components[0].emoji has a name": one(emoji={"name": "black_nib"}),
    "components[0].components[0].emoji has an id": one(emoji={"name": "a", "id": "upscale"}),
    "components[0].components[0].emoji is no object": one(emoji="🔄"),
    "components[0].components[0] has 0 options": rows(row({"type": 3, "custom_id": "s", "options": []})),
    "components[0].components[0] has two options": rows(
        row({"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "1"}] * 2})
    ),
    "components[0].components[0].options[0].label is empty": rows(
        row({"type": 3, "custom_id": "s", "options": [{"label": "", "value": "1"}]})
    ),
    "components[0].components[0].options[0].emoji": rows(
        row({"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "1", "emoji": {"name": ""}}]})
    ),
    "components[0].components[0].placeholder is 151": rows(
        row({"type": 5, "custom_id": "s", "placeholder": "x" * 151})
    ),
    "components[0].components[0] takes 3 to 2": rows(
        row({"type": 5, "custom_id": "s", "min_values": 3, "max_values": 2})
    ),
    "components[0] needs the components v2": rows(TEXT),
    "components[0] has the type 99": rows({"type": 99}),
    "content is not allowed in": v2(TEXT, content="x"),
    "embeds is not allowed in": v2(TEXT, embeds=[{"title": "t"}]),
    "components are 41": v2(*[TEXT] * 41),
    "components hold 4001": v2(TEXT, {"type": 10, "content": "x" * 3996}),
    "components[0].content is empty": v2({"type": 10, "content": ""}),
    "components[0] has no accessory": v2({"type": 9, "components": [TEXT]}),
    "components[0] holds 4 components": v2({"type": 9, "components": [TEXT] * 4, "accessory": button()}),
    "components[0] holds 0 items": v2({"type": 12, "items": []}),
    "components[0].items[0] names": v2({"type": 12, "items": [{"media": {"url": "attachment://b.png"}}]}),
    "components[0].media is no": v2({"type": 11, "media": {"url": "b.png"}}),
    "components[0].file is not": v2({"type": 13, "file": {"url": "https://example.com/a.pdf"}}),
    "components[0].file names": v2({"type": 13, "file": {"url": "attachment://a.pdf"}}),
}


@pytest.mark.parametrize(("reason", "body"), REFUSED.items(), ids=list(REFUSED))
def test_each_message_rule_refuses(reason: str, body: dict[str, Any]) -> None:
    """A body that breaks one rule is refused for this reason alone."""
    found = refusals(body)
    assert len(found) == 1, found
    assert found[0].startswith(reason), found


def test_more_than_ten_files_are_refused() -> None:
    """The files of the upload count, whether listed or not."""
    assert refusals({"content": "x"}, files=[f"{n}.png" for n in range(11)]) == ["attachments are more than 10"]


def test_an_edit_may_leave_everything_out_but_not_remove_it() -> None:
    """An edit of nothing passes; one that leaves nothing to show does not."""
    assert refusals({}, edit=True) == []
    emptied: dict[str, Any] = {"content": None, "embeds": [], "components": [], "attachments": []}
    assert refusals(emptied, edit=True) == ["the message is empty"]


def test_a_file_alone_is_a_message() -> None:
    """A message of one file is not empty."""
    assert refusals({}, files=["a.png"]) == []


@pytest.mark.parametrize("name", ["🔄", "⬆️", "❤", "❤️", "🪄", "1️⃣", "🇻🇳", "👨‍👩‍👧"])
def test_real_emoji_pass(name: str) -> None:
    """What Unicode calls an emoji is one."""
    assert emoji_refusal({"name": name}) is None


@pytest.mark.parametrize("name", ["", ":arrow_up:", "arrow_up", "1", "🔄🔄", "a", "🏻", "\ufe0f", None])
def test_false_emoji_are_refused(name: str | None) -> None:
    """Shortcodes, letters, pairs and bare modifiers are none."""
    assert emoji_refusal({"name": name}) == "has a name that is no emoji"


def test_an_emoji_of_the_application_passes() -> None:
    """A custom emoji needs a numeric id."""
    assert emoji_refusal({"name": "up", "id": "1325000000000000000", "animated": False}) is None


def modal(*components: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The data of a modal."""
    return {"title": "Custom Zoom", "custom_id": "mj:z:1:a", "components": list(components), **changes}


def text_input(**changes: object) -> dict[str, Any]:
    """A row with one text input."""
    return row({"type": 4, "custom_id": "prompt", "style": 2, "label": "Prompt", "value": "a cat", **changes})


def label(**changes: object) -> dict[str, Any]:
    """A label with one text input."""
    return {"type": 18, "label": "Prompt", "component": {"type": 4, "custom_id": "p", "style": 1}, **changes}


def test_modals_pass() -> None:
    """Both ways to write a modal are taken."""
    assert modal_refusals(modal(text_input(), label(), {"type": 10, "content": "Costs one drawing."})) == []


REFUSED_MODALS = {
    "title is 46": modal(text_input(), title="x" * 46),
    "custom_id is empty": modal(text_input(), custom_id=""),
    "components are 0": modal(),
    "components are 6": modal(*(text_input(custom_id=str(n)) for n in range(6))),
    "components[0] holds something else": modal(row(button())),
    "components[0].label is empty": modal(text_input(label=None)),
    "components[0].label is 46": modal(label(label="x" * 46)),
    "components[0].description is 101": modal(label(description="x" * 101)),
    "components[0] labels the type 2": modal(label(component=button())),
    "components[0].component has a label": modal(
        label(component={"type": 4, "custom_id": "p", "style": 1, "label": "x"})
    ),
    "components[0] has the type 17": modal({"type": 17}),
    "components[0].custom_id is empty": modal(text_input(custom_id="")),
    "components[0].placeholder is 101": modal(text_input(placeholder="x" * 101)),
    "components[0].style is 3": modal(text_input(style=3)),
    "components[0] takes 9 to 8": modal(text_input(min_length=9, max_length=8, value="")),
    "components[0].value is 4001": modal(text_input(value="x" * 4001)),
    "components[0].value is 5": modal(text_input(max_length=4)),
    "components[0].value is shorter": modal(text_input(min_length=6)),
    "custom_id 'prompt' is used 2 times": modal(text_input(), text_input()),
    "components[0].component has 0 options": modal(label(component={"type": 3, "custom_id": "p", "options": []})),
}


@pytest.mark.parametrize(("reason", "data"), REFUSED_MODALS.items(), ids=list(REFUSED_MODALS))
def test_each_modal_rule_refuses(reason: str, data: dict[str, Any]) -> None:
    """A modal that breaks one rule is refused for this reason alone."""
    found = modal_refusals(data)
    assert len(found) == 1, found
    assert found[0].startswith(reason), found


def command(**changes: object) -> dict[str, Any]:
    """A slash command."""
    return {"type": 1, "name": "mjstatus", "description": "Follow a task", **changes}


def option(name: str, **changes: object) -> dict[str, Any]:
    """A text option."""
    return {"type": 3, "name": name, "description": "d", **changes}


def test_commands_pass() -> None:
    """Slash commands and context menus are taken."""
    assert command_refusals(command(options=[option("id", required=True), option("b")])) == []
    assert command_refusals({"type": 3, "name": "Show the Task"}) == []


@pytest.mark.parametrize(
    ("reason", "body"),
    [
        ("Status: the name", command(name="Status")),
        ("mj status: the name", command(name="mj status")),
        ("mjstatus: the description", command(description="")),
        ("mjstatus: the description", command(description="x" * 101)),
        ("mjstatus: two options", command(options=[option("a"), option("a")])),
        ("mjstatus: a required", command(options=[option("a"), option("b", required=True)])),
        ("mjstatus a: more than", command(options=[option("a", choices=[{"name": "x", "value": "y"}] * 26)])),
        ("name is 33", {"type": 3, "name": "x" * 33}),
        ("description is not", {"type": 3, "name": "x", "description": "y"}),
    ],
)
def test_each_command_rule_refuses(reason: str, body: dict[str, Any]) -> None:
    """A command that breaks one rule is refused for this reason alone."""
    found = command_refusals(body)
    assert len(found) == 1, found
    assert found[0].startswith(reason), found


def test_autocomplete_choices() -> None:
    """Autocomplete takes 25 choices with names of 100 characters."""
    assert choice_refusals([{"name": "x" * 100, "value": "1"}] * 25) == []
    assert choice_refusals([{"name": "x", "value": "1"}] * 26) == ["choices are 26, at most 25 are allowed"]
    assert len(choice_refusals([{"name": "x" * 101, "value": ""}])) == 2
