from __future__ import annotations

import io

import av
import pytest
from PIL import Image, ImageStat

from sandbox.pictures import (
    DRAWN,
    Film,
    Photo,
    Shot,
    aspect_of,
    blend_photos,
    compose_shots,
    draw_grid,
    draw_shot,
    edit_photo,
    open_photo,
    render_clip,
    render_picture,
    render_preview,
    size_of,
    swap_faces,
    use_photo,
)

PROMPTS = [
    "a lighthouse at dawn",
    "mountains",
    "desert dunes",
    "a pine forest",
    "a city at night",
    "something else",
    "pig --v 6.1",
    "a red fox on fresh snow",
    "a cat on a roof",
]


def difference(first: Image.Image, second: Image.Image) -> float:
    size = (48, 48)
    pairs = zip(first.convert("RGB").resize(size).tobytes(), second.convert("RGB").resize(size).tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (48 * 48 * 3)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_an_upscale_is_the_second_picture_of_its_grid(prompt: str) -> None:
    """U2 at full size shows what the grid showed in its upper right corner, and nothing like the others."""
    shots = compose_shots(prompt, "seed")
    sheet = draw_grid(shots, 128)
    wide, high = sheet.width // 2, sheet.height // 2
    corner = sheet.crop((wide, 0, 2 * wide, high))
    single = draw_shot(shots[1], 256)
    assert difference(corner, single) < 5
    assert min(difference(sheet.crop((0, 0, wide, high)), single), difference(draw_shot(shots[2], 128), single)) > 10


def test_the_same_recipe_draws_the_same_bytes() -> None:
    """Nothing in a picture depends on when or where it is drawn."""
    shots = compose_shots("a lighthouse", "seed")
    assert draw_shot(shots[0], 128).tobytes() == draw_shot(shots[0], 128).tobytes()
    assert compose_shots("a lighthouse", "seed") == shots
    assert compose_shots("a lighthouse", "other") != shots


def test_a_prompt_decides_the_subject_and_four_lights_differ() -> None:
    """One subject for all four, no palette twice where the words allow it."""
    shots = compose_shots("a lighthouse", "seed")
    assert {"coast"} == {shot.kind for shot in shots}
    assert len({shot.palette for shot in shots}) == 4


def test_what_can_be_drawn_is_drawn_where_it_is_named() -> None:
    """Each thing that the demo says it draws is in the picture of its name: as an animal, or as the landscape."""
    for name in DRAWN:
        shot = compose_shots(f"a {name}", "seed")[0]
        assert name == (shot.subject.animal if shot.subject else shot.kind)


@pytest.mark.parametrize(
    ("prompt", "animal"),
    [
        ("pig --v 6.1", "pig"),
        ("Two piglets", "pig"),
        ("a cat", "cat"),
        ("a red fox and a cat", "fox"),
        ("a cathedral", None),
        ("pigeons over foxgloves", None),
        ("a lighthouse --style cat", None),
    ],
)
def test_an_animal_is_drawn_where_the_prompt_names_one(prompt: str, animal: str | None) -> None:
    """The first animal named as a word of its own is in all four pictures, whole in three and close in one."""
    subjects = [shot.subject for shot in compose_shots(prompt, "seed")]
    assert {animal} == {subject and subject.animal for subject in subjects}
    if animal:
        assert ["whole", "whole", "whole", "close"] == [subject.near for subject in subjects if subject]


def test_an_animal_and_a_place_combine() -> None:
    """A place or a light in the words decides where the animal is; without one, four scenes of its own differ."""
    assert {"snow"} == {shot.kind for shot in compose_shots("a red fox on fresh snow", "seed")}
    assert {"coast"} == {shot.kind for shot in compose_shots("a pig at the sea", "seed")}
    assert {"meadow"} == {shot.kind for shot in compose_shots("a cat at night", "seed")}
    own = compose_shots("pig", "seed")
    assert len({shot.palette for shot in own}) == 4
    assert {"meadow", "field"} == {shot.kind for shot in own}


def test_an_animal_keeps_to_a_narrow_picture() -> None:
    """What the width cannot hold is drawn smaller."""
    subjects = [compose_shots(f"pig --ar {ratio}", "seed")[0].subject for ratio in ("9:16", "1:1", "16:9")]
    narrow, square, wide = (subject.fit for subject in subjects if subject)
    assert narrow < square == wide == 1.0


@pytest.mark.parametrize(
    ("prompt", "size"),
    [("x", (512, 512)), ("x --ar 3:2", (624, 416)), ("x --ar 9:16", (384, 680)), ("x --ar 0:0", (512, 512))],
)
def test_the_aspect_ratio_is_respected(prompt: str, size: tuple[int, int]) -> None:
    """`--ar` gives width and height of about the same number of pixels."""
    assert size == size_of(aspect_of(prompt), 512)


def shot() -> Shot:
    return compose_shots("a lighthouse at dawn", "seed")[1]


@pytest.mark.parametrize(("prompt", "number"), [("a lighthouse at dawn", 1), ("pig", 0), ("pig", 3), ("a cat", 3)])
def test_zooming_out_shows_the_same_picture_smaller(prompt: str, number: int) -> None:
    """The middle of a picture zoomed out by two is the picture."""
    near = compose_shots(prompt, "seed")[number]
    wider = draw_shot(near.zoom(2), 256)
    middle = wider.crop((64, 64, 192, 192))
    assert difference(middle, draw_shot(near, 128)) < 9


def test_panning_extends_one_side() -> None:
    """The picture stays on one side, half as much is added on the other."""
    right = shot().pan("right")
    assert right.aspect == 1.5
    image = draw_shot(right, 256)
    kept = image.crop((0, 0, round(image.width / 1.5), image.height))
    assert difference(kept, draw_shot(shot(), 192)) < 9
    assert pytest.approx(shot().pan("down").aspect) == 1 / 1.5


def test_a_variation_keeps_the_palette_and_changes_the_scene() -> None:
    """Subtle changes less than strong."""
    base = draw_shot(shot(), 128)
    subtle = difference(base, draw_shot(shot().vary("new", strong=False), 128))
    assert shot().vary("new").palette == shot().palette
    assert 0.5 < subtle < difference(base, draw_shot(shot().vary("new"), 128))
    pig = compose_shots("pig", "seed")[1]
    assert (pig.palette, pig.subject) == (pig.vary("new").palette, pig.vary("new").subject)


def test_a_repainted_region_is_new_only_where_the_mask_is_white() -> None:
    """Black keeps, white repaints."""
    mask = Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 64))
    out = io.BytesIO()
    mask.save(out, "PNG")
    old, new = draw_shot(shot(), 128), draw_shot(shot().repaint(out.getvalue(), "new"), 128)
    assert difference(old.crop((0, 0, 56, 128)), new.crop((0, 0, 56, 128))) < 1
    assert difference(old.crop((72, 0, 128, 128)), new.crop((72, 0, 128, 128))) > 3


def test_a_preview_is_the_same_picture_and_sharper_the_more_is_done() -> None:
    """Progress brings the preview nearer to the final picture."""
    shots = compose_shots("mountains", "seed")
    final = Image.open(io.BytesIO(render_picture(shots, 512)))
    early, late = (Image.open(io.BytesIO(render_preview(shots, percent, 512))) for percent in (15, 93))
    assert (early.format, final.format) == ("WEBP", "PNG")
    assert difference(final, late) < difference(final, early)
    assert sum(ImageStat.Stat(early).stddev) < sum(ImageStat.Stat(late).stddev)


def shown(data: bytes) -> tuple[str, list[Image.Image]]:
    with av.open(io.BytesIO(data), "r") as opened:
        stream = opened.streams.video[0]
        images = [frame.to_image() for frame in opened.decode(stream)]  # type: ignore[no-untyped-call]
        return stream.codec_context.name, images


def test_a_clip_moves() -> None:
    """H.264 in MP4, or animated WebP, of the size and length asked for, and its last frame is not its first."""
    film = Film(motion="high", seconds=1.0)
    name, frames = shown(render_clip(shot(), film, 128))
    assert (name, len(frames), frames[0].size) == ("h264", 16, (128, 128))
    assert difference(frames[0], frames[-1]) > 3
    webp = Image.open(io.BytesIO(render_clip(shot(), film, 128, "webp")))
    assert (getattr(webp, "n_frames", 0), webp.size) == (16, (128, 128))


def test_a_loop_comes_back_and_an_end_is_reached() -> None:
    """The last frame of a loop is near its first; a clip with an end picture arrives there."""
    _, looped = shown(render_clip(shot(), Film(motion="high", loop=True, seconds=1.0), 128))
    assert difference(looped[0], looped[-1]) < difference(looped[0], looped[8])
    end = compose_shots("mountains at night", "other")[0]
    last = shown(render_clip(shot(), Film(seconds=1.0, end=end), 128))[1][-1]
    assert difference(last, draw_shot(end, 128)) < difference(last, draw_shot(shot(), 128))


def photo(prompt: str, number: int = 0, side: int = 128) -> Photo:
    found = open_photo(render_picture(compose_shots(prompt, "seed")[number : number + 1], side, prompt))
    assert found is not None
    return found


def test_a_given_picture_is_known_by_its_own_words_or_by_its_colours() -> None:
    """What was drawn here says what it shows; of another only the light is told; what is no picture is none."""
    assert (photo("a pig --ar 3:2").words, round(photo("a pig --ar 3:2").aspect, 1)) == ("a pig --ar 3:2", 1.5)
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 200, 90, 255)).save(out, "PNG")
    found = open_photo(out.getvalue())
    assert found is not None
    assert found.words == "a bright, airy scene in amber tones"
    assert [open_photo(b""), open_photo(b"no picture"), open_photo(out.getvalue()[:60])] == [None, None, None]


def test_a_given_picture_stays_as_it_is_and_can_be_changed() -> None:
    """As it is, nearly the same bytes; subtle changes less than strong; zoomed out, it stands in the middle."""
    lighthouse = photo("a lighthouse")
    base, same = use_photo(lighthouse), Image.open(io.BytesIO(lighthouse.data))
    assert difference(draw_shot(base, 128), same) < 2
    subtle, strong = (difference(draw_shot(base.vary("new", strong=way), 128), same) for way in (False, True))
    assert 0.3 < subtle < strong
    middle = draw_shot(base.zoom(2), 256).crop((72, 72, 184, 184))
    assert difference(middle, same.crop((8, 8, 120, 120))) < 12
    assert (base.pan("left").aspect, draw_shot(base.pan("left"), 96).width) == (1.5, 120)


def test_a_square_holds_the_whole_picture() -> None:
    """Make Square adds what is missing above and below, or at the sides."""
    wide = compose_shots("a lighthouse --ar 3:2", "seed")[0]
    assert (wide.square().aspect, compose_shots("x --ar 1:2", "s")[0].square().aspect) == (1.0, 1.0)
    kept = draw_shot(wide.square(), 192).crop((0, 32, 192, 160))
    assert difference(kept, draw_shot(wide, 156)) < 9


def test_blends_edits_and_swaps() -> None:
    """Four different blends of the frame asked for; an edit in another light; a face where the other one was."""
    pig, fox = photo("pig", 3), photo("a fox", 3)
    blends = blend_photos((pig, fox), 1.5, "seed")
    assert [draw_shot(shot, 64).size for shot in blends] == [(80, 56)] * 4
    assert len({draw_shot(shot, 64).tobytes() for shot in blends}) == 4
    night = [draw_shot(shot, 64) for shot in edit_photo(pig, "make it night", "seed")]
    before = draw_shot(use_photo(pig), 64)
    assert min(difference(before, after) for after in night) > 5
    assert {shot.subject and shot.subject.animal for shot in edit_photo(pig, "add a cat", "s")} == {"cat"}
    swap = draw_shot(swap_faces(fox, pig), 128)
    target = draw_shot(use_photo(pig), 128)
    assert difference(swap.crop((44, 36, 84, 76)), target.crop((44, 36, 84, 76))) > 15
    assert difference(swap.crop((0, 0, 24, 24)), target.crop((0, 0, 24, 24))) < 1
