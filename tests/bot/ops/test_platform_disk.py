"""Which platforms have ephemeral disks, and the warnings about them."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.ops.platform_disk import EphemeralDisk, IsMount, detect_ephemeral_disk, detect_ephemeral_disk_here

ON_A_VOLUME = PurePosixPath("/data/mjbot.db")
IN_THE_IMAGE = PurePosixPath("/app/data/mjbot.db")

PLATFORMS: list[tuple[Mapping[str, str], str]] = [
    ({"DYNO": "worker.1"}, "Heroku"),
    ({"RAILWAY_ENVIRONMENT_NAME": "production"}, "Railway"),
    ({"RENDER": "true"}, "Render"),
    ({"FLY_APP_NAME": "mjbot"}, "Fly.io"),
    ({"FLY_MACHINE_ID": "148e"}, "Fly.io"),
    ({"KOYEB_SERVICE_NAME": "mjbot"}, "Koyeb"),
    ({"K_SERVICE": "mjbot"}, "Cloud Run"),
]


def mounts(*folders: str) -> IsMount:
    """Mount something at these folders, in addition to what every container has."""
    there = {PurePosixPath(folder) for folder in ("/", "/dev/shm", *folders)}  # noqa: S108 - nothing is written there
    return lambda path: path in there


@pytest.mark.parametrize(("environment", "platform"), PLATFORMS)
def test_a_file_in_the_image_is_on_an_ephemeral_disk(environment: Mapping[str, str], platform: str) -> None:
    """Each platform is detected by its variables; neither the image nor /dev/shm is permanent."""
    for file in (IN_THE_IMAGE, PurePosixPath("/mjbot.db"), PurePosixPath("/dev/shm/mjbot.db")):  # noqa: S108
        assert EphemeralDisk(platform) == detect_ephemeral_disk(environment, file, mounts("/data"))


@pytest.mark.parametrize(("environment", "platform"), PLATFORMS)
def test_postgresql_is_on_no_ephemeral_disk(environment: Mapping[str, str], platform: str) -> None:
    """Without a file there is nothing to empty."""
    assert detect_ephemeral_disk(environment, None, mounts()) is None


@pytest.mark.parametrize(("environment", "platform"), PLATFORMS[2:])
def test_a_volume_is_permanent(environment: Mapping[str, str], platform: str) -> None:
    """A mount point anywhere above the file is a lasting disk."""
    assert detect_ephemeral_disk(environment, ON_A_VOLUME, mounts("/data")) is None
    assert detect_ephemeral_disk(environment, PurePosixPath("/data/of/mjbot.db"), mounts("/data")) is None
    assert detect_ephemeral_disk(environment, ON_A_VOLUME, mounts()) == EphemeralDisk(platform)


def test_heroku_has_no_permanent_disk() -> None:
    """A mount inside a dyno is lost with the dyno."""
    assert detect_ephemeral_disk({"DYNO": "run.4711"}, ON_A_VOLUME, mounts("/data")) == EphemeralDisk("Heroku")


@pytest.mark.parametrize(
    ("volume", "wiped"), [("/data", False), ("/data/", False), ("/", False), ("/database", True), ("", True)]
)
def test_railway_names_its_volume(volume: str, *, wiped: bool) -> None:
    """A file lasts only below the path that Railway names, even if there are other mounts."""
    environment = {"RAILWAY_PROJECT_ID": "1", "RAILWAY_VOLUME_MOUNT_PATH": volume}
    assert bool(detect_ephemeral_disk(environment, ON_A_VOLUME, mounts("/data"))) == wiped


@pytest.mark.parametrize("environment", [{}, {"DYNO": ""}, {"RENDERER": "gl"}, {"RAILWAY_": ""}, {"FLY_APPS": "1"}])
def test_other_machines_have_permanent_disks(environment: Mapping[str, str]) -> None:
    """A machine of one's own is not suspected, nor one with a variable that only looks like a platform's."""
    assert detect_ephemeral_disk(environment, IN_THE_IMAGE, mounts()) is None


@pytest.mark.parametrize("platform", sorted({name for _, name in PLATFORMS}))
def test_the_warning_ends_with_the_remedy(platform: str) -> None:
    """One line names the platform, the loss, and the variable to set."""
    wiped = EphemeralDisk(platform)
    assert str(wiped) == f"{wiped.problem} {wiped.remedy}"
    assert "\n" not in str(wiped)
    assert wiped.problem.startswith(f"{platform} empties the disk")
    assert "DATABASE_URL" in wiped.remedy


def test_remedies_quote_the_platforms_commands() -> None:
    """They can be copied as they are."""
    assert "heroku addons:create heroku-postgresql" in EphemeralDisk("Heroku").remedy
    assert "DATABASE_URL=${{Postgres.DATABASE_URL}}" in EphemeralDisk("Railway").remedy
    assert "fly secrets set" in EphemeralDisk("Fly.io").remedy


def test_this_process_is_checked_with_its_own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path starts at the working directory, and symbolic links are resolved."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RAILWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAILWAY_VOLUME_MOUNT_PATH", str((tmp_path / "volume").resolve()))
    assert detect_ephemeral_disk_here(SecretStr("sqlite:///data/mjbot.db")) == EphemeralDisk("Railway")
    assert detect_ephemeral_disk_here(SecretStr("sqlite:///volume/mjbot.db")) is None
    (tmp_path / "data").symlink_to(tmp_path / "volume")
    assert detect_ephemeral_disk_here(SecretStr("sqlite:///data/mjbot.db")) is None
    assert detect_ephemeral_disk_here(SecretStr("postgres://user:secret@host/name")) is None
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        detect_ephemeral_disk_here(SecretStr("mysql://user:secret@host/name"))


def test_mount_points_are_asked_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder of one's home is no mount point, so that the file in it goes."""
    asked: list[PurePath] = []

    def ismount(path: PurePath) -> bool:
        asked.append(path)
        return path == tmp_path.resolve()

    for marks, _ in PLATFORMS:
        for name in marks:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RENDER", "true")
    monkeypatch.setattr(os.path, "ismount", ismount)
    assert detect_ephemeral_disk_here(SecretStr(f"sqlite:///{tmp_path}/of/mjbot.db")) is None
    assert asked[0] == tmp_path.resolve() / "of"
