"""The real worker process, whose code a stranger controls, gets nothing of the bot; and it can still work."""

import errno
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PictureError, PictureWorkAborted
from bot.imaging.grid_split import split_grid
from bot.imaging.mask_preview import draw_mask_preview
from bot.imaging.masks import Region, draw_mask, read_mask
from bot.imaging.reencode import fit_to_limit
from bot.imaging.upload_validation import prepare_upload
from bot.imaging.worker_process import ImageWorker
from tests.bot.imaging.attack_from_worker import ATTEMPTS
from tests.pictures import draw_noise, encode, make_animation, make_awkward_metadata

ROOT = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
REFUSED = {
    *(f"{name} in its process" for name in ("OSError", "PermissionError", "BlockingIOError", "ValueError")),
    *(str((-1, number)) for number in (errno.EPERM, errno.EMFILE)),
}


def attack(folder: Path, program: str, *arguments: str) -> dict[str, Any]:
    """Run a program of this folder as a bot with secrets; return what its attempts gave."""
    (folder / ".env").write_text("MJ_API_KEY=hunter2\n")
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, ROOT / "tests/bot/imaging" / program, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "DISCORD_TOKEN": "hunter2", "MJ_API_KEY": "hunter2"},
        capture_output=True,
        timeout=120,
        check=True,
    )
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the attempts gave to a stranger's code in the worker of a bot with secrets."""
    return attack(tmp_path_factory.mktemp("bot"), "attack_from_worker.py")


@LINUX
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_code_in_the_worker_is_refused(given: dict[str, Any], attempt: str) -> None:
    assert given[attempt] in REFUSED


@LINUX
@pytest.mark.parametrize("arguments", [(), ("ordinary",), ("old",), ("ordinary", "old")])
def test_code_of_any_user_is_refused_on_any_linux(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The memory limit is the worker's own, and is not set here."""
    answers = attack(tmp_path, "attack_from_fork.py", *arguments)
    assert len(answers) >= len(ATTEMPTS) - 1
    assert {name: answer for name, answer in answers.items() if answer not in REFUSED and name != "more memory"} == {}


AWKWARD = make_awkward_metadata()
UPSIDE_DOWN = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"
PICTURES = {
    **{
        kind.lower(): encode(draw_noise(96, 80), kind)
        for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "MPO")
    },
    **{f"{mode}.png": encode(draw_noise(96, 80, "RGBA").convert(mode)) for mode in ("RGBA", "LA", "P", "1")},
    "cmyk.jpeg": encode(draw_noise(96, 80).convert("CMYK"), "JPEG"),
    "upside-down.jpeg": encode(
        draw_noise(96, 80), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"
    ),
    "animation.gif": make_animation("GIF"),
    "animation.webp": make_animation("WEBP"),
    "half.png": encode(draw_noise(96, 80))[:3000],
    "text": b"no picture",
    **{kind: AWKWARD[kind] for kind in ("gif-long-comment", "jpeg-broken-exif", "webp-broken-exif", "png-text-exif")},
}
MASK = draw_mask(Region.LEFT, (96, 80))
WORKS: tuple[Callable[[bytes], Callable[[], object]], ...] = (
    lambda data: partial(fit_to_limit, data, name="fox", limit=10**7, url="u"),
    lambda data: partial(fit_to_limit, data, name="fox", limit=3000, url="u"),
    lambda data: partial(prepare_upload, data, name="fox"),
    lambda data: partial(split_grid, data, name="fox", limit=10**7),
    lambda data: partial(read_mask, data, (96, 80), name="fox"),
    lambda data: partial(draw_mask_preview, data, MASK, name="fox", limit=10**7),
)


@pytest.fixture
async def worker() -> AsyncGenerator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    await worker.close()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
async def test_work_gives_the_same_in_the_sandbox_as_outside(worker: ImageWorker) -> None:
    """Nothing that Pillow imports late is missing there, where no file can be opened."""
    for kind, data in PICTURES.items():
        for number, work in enumerate(WORKS):
            assert await describe(lambda: worker.run(work(data))) == describe_here(work(data)), (kind, number)  # noqa: B023


async def describe(run: Callable[[], Any]) -> object:
    """Return the result of work in the worker, or its error's text."""
    try:
        return await run()
    except PictureWorkAborted:
        raise
    except Exception as error:  # noqa: BLE001 - compared
        return repr(error), vars(error).get("url"), isinstance(error, PictureError)


def describe_here(work: Callable[[], object]) -> object:
    """Return the same of work in this process."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - compared
        return repr(error), vars(error).get("url"), isinstance(error, PictureError)
