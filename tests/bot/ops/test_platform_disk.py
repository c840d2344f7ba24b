"""Which platforms have ephemeral disks, and the warnings about them."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.ops.platform_disk import (
    EphemeralDisk,
    IsMount,
    NetworkDisk,
    detect_ephemeral_disk,
    detect_network_disk,
    find_disk_problem_here,
)

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
    assert find_disk_problem_here(SecretStr("sqlite:///data/mjbot.db")) == EphemeralDisk("Railway")
    assert find_disk_problem_here(SecretStr("sqlite:///volume/mjbot.db")) is None
    (tmp_path / "data").symlink_to(tmp_path / "volume")
    assert find_disk_problem_here(SecretStr("sqlite:///data/mjbot.db")) is None
    assert find_disk_problem_here(SecretStr("postgres://user:secret@host/name")) is None
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        find_disk_problem_here(SecretStr("mysql://user:secret@host/name"))


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
    assert find_disk_problem_here(SecretStr(f"sqlite:///{tmp_path}/of/mjbot.db")) is None
    assert asked[0] == tmp_path.resolve() / "of"


@pytest.mark.parametrize(
    ("mount", "kind"),
    [
        ("nas:/volume1/mj /srv/mj nfs4 rw,vers=4.2 0 0", "nfs4"),
        ("10.0.0.7:/export /srv nfs rw 0 0", "nfs"),
        ("[fd00::7]:/export /srv/mj nfs rw 0 0", "nfs"),
        ("//nas/media /srv/mj cifs rw,vers=3.0 0 0", "cifs"),
        ("//nas/media /srv/mj smb3 rw 0 0", "smb3"),
        ("mj@nas:/home/mj /srv/mj fuse.sshfs rw 0 0", "fuse.sshfs"),
        ("bucket /srv/mj fuse.s3fs rw 0 0", "fuse.s3fs"),
        ("a,b,c:/ /srv/mj ceph rw 0 0", "ceph"),
        ("host:/v /srv/mj newfs rw 0 0", "newfs"),
    ],
)
def test_a_network_share_is_detected(mount: str, kind: str) -> None:
    """By its kind, or by the host in its name."""
    found = detect_network_disk(f"overlay / overlay rw 0 0\n{mount}\n", PurePosixPath("/srv/mj/data/mjbot.db"))
    assert found == NetworkDisk(kind)
    assert str(found).startswith(f"The database's file is on a network share ({kind})")
    assert str(found).endswith("or to a PostgreSQL.")


@pytest.mark.parametrize(
    "mounts_text",
    [
        "",
        "overlay / overlay rw 0 0",
        "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /srv/mj xfs rw 0 0",
        "nas:/v /srv nfs rw 0 0\n/dev/sdb1 /srv/mj ext4 rw 0 0",
        "nas:/v /srv/mj nfs rw 0 0\n/dev/sdb1 /srv/mj ext4 rw 0 0",
        "nas:/v /srv/mj2 nfs rw 0 0",
        "/dev/sdb1 /srv/mj fuseblk rw 0 0",
        "pool/data:x /srv/mj zfs rw 0 0",
        "broken line",
    ],
)
def test_a_disk_of_the_machine_is_no_network_share(mounts_text: str) -> None:
    """Nor is one that is mounted over or below a share."""
    assert detect_network_disk(mounts_text, PurePosixPath("/srv/mj/mjbot.db")) is None


def test_a_share_in_a_folder_with_a_space_is_detected() -> None:
    mounts_text = r"//nas/my\040share /srv/my\040share cifs rw 0 0"
    assert detect_network_disk(mounts_text, PurePosixPath("/srv/my share/mjbot.db")) == NetworkDisk("cifs")
    assert detect_network_disk(mounts_text, None) is None
