"""Write Midjourney's texts: final prompts, shortened prompts, descriptions of pictures, fail reasons."""

from __future__ import annotations

import random
import re

from sandbox.pictures import Photo

BANNED_WORD = "gore"
_MODERATED_WORD = "blood"
_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "2:1", "1:2")

DESCRIPTION = """\
1️⃣ Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows --ar 1:1

2️⃣ A fox sitting in deep snow, ink and wash, in the style of \
[Beatrix Potter](https://goo.gl/search?artist%20Beatrix%20Potter) --ar 1:1

3️⃣ Minimal children's book illustration of a fox, flat colors --ar 1:1

4️⃣ Winter fox portrait, soft rim light, 35mm photo look --ar 1:1"""


def describe_picture(photo: Photo) -> str:
    """Return four numbered prompts that describe a picture, in Midjourney's Markdown."""
    subject = re.sub(r"\s+", " ", photo.words.split("--", maxsplit=1)[0]).strip() or "a quiet scene"
    artist = "[Beatrix Potter](https://goo.gl/search?artist%20Beatrix%20Potter)"
    ratio = min(_RATIOS, key=lambda ratio: abs(_parse_ratio(ratio) - photo.aspect))
    lines = (
        f"Watercolor of {subject}, loose brushwork, soft shadows --ar {ratio}",
        f"{subject[:1].upper()}{subject[1:]}, ink and wash, in the style of {artist} --ar {ratio}",
        f"Minimal children's book illustration of {subject}, flat colors --ar {ratio}",
        f"{subject[:1].upper()}{subject[1:]}, soft rim light, 35mm photo look --ar {ratio}",
    )
    return "\n\n".join(f"{number}\ufe0f\u20e3 {line}" for number, line in enumerate(lines, 1))


def describe_line(text: str, custom_id: str) -> str:
    """Return the line of a description or a shortened prompt that a numbered button refers to."""
    digit = custom_id.rpartition("::")[2]
    return next((line for line in text.split("\n") if line.startswith(digit)), "")[3:].strip()


def _parse_ratio(ratio: str) -> float:
    wide, high = ratio.split(":")
    return int(wide) / int(high)


def final_prompt(prompt: str) -> str:
    """Return a prompt in the form in which Midjourney repeats it."""
    return re.sub(r"(--v \d+)(?![\d.])", r"\1.0", prompt)


def find_objection(prompt: str) -> str:
    """Return the reason with which Midjourney will fail an accepted prompt, "" if it will succeed."""
    found = re.search(r"--(ar|aspect)\s+(\S+)", prompt)
    if found and not re.fullmatch(r"\d+(\.\d+)?:\d+(\.\d+)?", found[2]):
        return f"[Invalid parameter] Invalid value provided for argument `--{found[1]}`"
    found = re.search(r"--zoom\s+(\S+)", prompt)
    if found and not re.fullmatch(r"1(\.\d+)?|2(\.0+)?", found[1]):
        return "[Invalid parameter] Invalid value provided for argument `--zoom`"
    for name, most in (("chaos", 100), ("stylize", 1000), ("weird", 3000)):
        found = re.search(rf"--{name}\s+(\S+)", prompt)
        if found and not (found[1].isdecimal() and int(found[1]) <= most):
            return f"[Invalid parameter] Invalid value provided for argument `--{name}`"
    if _MODERATED_WORD in prompt.lower():
        return (
            "[Banned prompt detected] Sorry! Our AI moderator thinks this prompt is probably against our"
            " community standards."
        )
    return ""


def shorten_prompt(prompt: str) -> str:
    """Return the answer of `/shorten` to a prompt, in Midjourney's Markdown."""
    words = re.findall(r"[\w'-]+", prompt.split("--", maxsplit=1)[0])
    idle = {"a", "an", "the", "of", "and", "highly", "very", "detailed", "ultra", "beautiful", "with", "at"}
    heavy = [word for word in words if word.lower() not in idle and len(word) > 2] or words[:1]
    tokens = " ".join(f"**{word}**" if word in heavy else f"~~{word}~~" if len(word) > 4 else word for word in words)
    lines = [
        ", ".join(heavy),
        " ".join(heavy[:4]),
        ", ".join(heavy[:3]),
        " ".join(heavy[:2]),
        heavy[0] if heavy else prompt,
    ]
    text = "\n\n".join(f"{number}\ufe0f\u20e3 {line}" for number, line in enumerate(lines, 1))
    return f"## Important tokens\n{tokens}\n## Shortened prompts\n{text}"


def derive_seed(task_id: str) -> str:
    """Return the seed of a task, always the same for one id."""
    return str(random.Random(task_id).randrange(2**32))
