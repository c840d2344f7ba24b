"""Detect disks that are wrong for an SQLite file: those that a platform empties at restarts, and network shares."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from pydantic import SecretStr

from bot.store import resolve_sqlite_path

IsMount = Callable[[PurePath], bool]
"""Whether a path is a mount point."""

_EPHEMERAL_MOUNTS = frozenset(map(PurePath, ("/", "/tmp", "/dev", "/dev/shm", "/run")))  # noqa: S108 - nothing is written there
"""Mount points that every container has; their files are deleted with it."""

_PLATFORM_VARIABLES = (
    ("Heroku", ("DYNO",)),
    ("Railway", ("RAILWAY_",)),
    ("Render", ("RENDER",)),
    ("Fly.io", ("FLY_APP_NAME", "FLY_MACHINE_ID")),
    ("Koyeb", ("KOYEB_",)),
    ("Cloud Run", ("K_SERVICE",)),
)
"""Environment variables that each platform sets; a trailing underscore makes it a prefix."""

_REMEDIES = {
    "Heroku": "Add Heroku Postgres (`heroku addons:create heroku-postgresql:essential-0`), which sets DATABASE_URL.",
    "Railway": (
        "Add PostgreSQL to the project and set DATABASE_URL=${{Postgres.DATABASE_URL}}, or attach a volume at /data "
        "and set DATABASE_URL=sqlite:////data/mjbot.db and RAILWAY_RUN_UID=0."
    ),
    "Render": "Create a Render Postgres in the same region and set DATABASE_URL to its internal URL.",
    "Fly.io": (
        "Mount a volume at /data and set DATABASE_URL=sqlite:////data/mjbot.db, as this project's fly.toml does, or "
        "`fly secrets set DATABASE_URL=` with a PostgreSQL's URL."
    ),
    "Koyeb": "Create a Koyeb database and set DATABASE_URL to its connection string.",
    "Cloud Run": "Create a PostgreSQL, in Cloud SQL for instance, and set DATABASE_URL to its URL.",
}


_MOUNTS = Path("/proc/mounts")
_NETWORK_FILE_SYSTEM = re.compile(
    r"nfs\d?|cifs|smb\w*|ncpfs|afs|coda|ceph|lustre|glusterfs|beegfs|gpfs|ocfs2|orangefs|davfs2?"
    r"|fuse\.(?:sshfs|rclone|s3fs|goofys|gcsfuse|blobfuse2?|juicefs|davfs2?|glusterfs|ceph-fuse|seaweedfs|moosefs"
    r"|curlftpfs|smbnetfs|mount-s3)"
)
_NETWORK_DEVICE = re.compile(r"//[^/]|\\\\[^\\]|[\w.@,-]+(?:\[[\da-f:]+\])?:/|\[[\da-f:]+\]:/")
"""A device that names a host, such as //nas/share or nas:/share: a network share of any kind."""


@dataclass(frozen=True)
class NetworkDisk:
    """A network share that holds the database's file; `file_system` is its kind, for example nfs4."""

    file_system: str

    @property
    def remedy(self) -> str:
        """The next step, in one sentence."""
        return "Set DATABASE_URL to a file on a disk of this machine, or to a PostgreSQL."

    @property
    def problem(self) -> str:
        """What is wrong, and its consequence."""
        return (
            f"the database's file is on a network share ({self.file_system}), where SQLite's locks and its log don't "
            "work reliably: the file may be locked for no reason, or damaged."
        )

    def __str__(self) -> str:
        return f"{self.problem[0].upper()}{self.problem[1:]} {self.remedy}"


@dataclass(frozen=True)
class EphemeralDisk:
    """A platform that empties the disk of the database."""

    platform: str

    @property
    def remedy(self) -> str:
        """The next step on this platform, in one sentence."""
        return _REMEDIES[self.platform]

    @property
    def problem(self) -> str:
        """What is wrong, and its consequence."""
        return (
            f"{self.platform} empties the disk with the database at every restart and deploy: unfinished messages "
            "would stay unfinished, and today's spending would be forgotten."
        )

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


def detect_ephemeral_disk(
    environment: Mapping[str, str], file: PurePath | None, is_mount: IsMount
) -> EphemeralDisk | None:
    """Return the platform of `environment` if it empties the disk of `file`, an absolute path; None for PostgreSQL.

    According to the platforms' documentation, Heroku has no permanent disk, Railway names its volume's path in a
    variable, and on the others a permanent disk is a mount point above the file.
    """
    platform = next(
        (name for name, variables in _PLATFORM_VARIABLES if any(_is_set(environment, one) for one in variables)), None
    )
    if file is None or platform is None:
        return None
    if platform == "Railway":
        volume = environment.get("RAILWAY_VOLUME_MOUNT_PATH")
        is_permanent = bool(volume) and file.is_relative_to(str(volume))
    else:
        is_permanent = platform != "Heroku" and any(
            is_mount(folder) for folder in file.parents if folder not in _EPHEMERAL_MOUNTS
        )
    return None if is_permanent else EphemeralDisk(platform)


DiskProblem = EphemeralDisk | NetworkDisk


def detect_network_disk(mounts: str, file: PurePath | None) -> NetworkDisk | None:
    """Return the network share of `file`, an absolute path, by the text of /proc/mounts; None for a disk."""
    if file is None:
        return None
    folders: dict[PurePath, tuple[str, str]] = {}
    for line in mounts.splitlines():
        device, folder, kind, *_ = [*line.split(" "), "", "", ""]
        folders[PurePath(_unescape(folder))] = _unescape(device), kind  # a later mount covers an earlier one
    above = next((folders[folder] for folder in file.parents if folder in folders), None)
    if above is None:
        return None
    device, kind = above
    is_shared = _NETWORK_FILE_SYSTEM.fullmatch(kind) or _NETWORK_DEVICE.match(device)
    return NetworkDisk(kind) if is_shared else None


def _unescape(field: str) -> str:
    """Decode the octal numbers that stand for spaces and backslashes in /proc/mounts."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def find_disk_problem_here(database_url: SecretStr) -> DiskProblem | None:
    """Return what is wrong with the disk of this process's DATABASE_URL.

    Raises:
        SettingsError: The store does not support the URL.
    """
    file = resolve_sqlite_path(database_url.get_secret_value())
    if wiped := detect_ephemeral_disk(os.environ, file, os.path.ismount):
        return wiped
    return detect_network_disk(_MOUNTS.read_text(errors="replace") if _MOUNTS.exists() else "", file)


def _is_set(environment: Mapping[str, str], variable: str) -> bool:
    if variable.endswith("_"):
        return any(name.startswith(variable) and value for name, value in environment.items())
    return bool(environment.get(variable))
