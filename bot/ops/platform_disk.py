"""Where the bot runs, as far as that decides whether its SQLite file outlives the process."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from pydantic import SecretStr

from bot.store import resolve_sqlite_path

IsMount = Callable[[PurePath], bool]
"""Tells whether something of its own is mounted at a path."""

_NOT_KEPT = frozenset(map(PurePath, ("/", "/tmp", "/dev", "/dev/shm", "/run")))  # noqa: S108 - nothing is written there
"""Mount points that a container has without any volume; what lies there goes with it."""

_MARKS = (
    ("Heroku", ("DYNO",)),
    ("Railway", ("RAILWAY_",)),
    ("Render", ("RENDER",)),
    ("Fly.io", ("FLY_APP_NAME", "FLY_MACHINE_ID")),
    ("Koyeb", ("KOYEB_",)),
    ("Cloud Run", ("K_SERVICE",)),
)
"""Variables that each platform sets for every process; with a trailing underscore, any that begins so."""

_REMEDIES = {
    "Heroku": (
        "Add Heroku Postgres (`heroku addons:create heroku-postgresql:essential-0`): it sets DATABASE_URL by itself."
    ),
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


@dataclass(frozen=True)
class EphemeralDisk:
    """A database on a disk that its platform empties."""

    platform: str

    @property
    def remedy(self) -> str:
        """Say the next step there, in one sentence."""
        return _REMEDIES[self.platform]

    @property
    def problem(self) -> str:
        """Say what is wrong, and what it costs."""
        return (
            f"{self.platform} empties the disk that holds the database at every restart and deploy: messages would "
            "stop half drawn, and who has spent how much today would be forgotten."
        )

    def __str__(self) -> str:
        """Say it all in one line."""
        return f"{self.problem} {self.remedy}"


def detect_ephemeral_disk(
    environment: Mapping[str, str], file: PurePath | None, is_mount: IsMount
) -> EphemeralDisk | None:
    """Tell whether the platform of `environment` empties the disk of `file`, an absolute path; None is PostgreSQL.

    Variables and disks are as the platforms' documentation has them: Heroku has no lasting disk, Railway names its
    volume's path, and on the others a lasting disk is a mount point above the file.
    """
    platform = _platform(environment)
    if file is None or platform is None:
        return None
    if platform == "Railway":
        volume = environment.get("RAILWAY_VOLUME_MOUNT_PATH")
        lasts = bool(volume) and file.is_relative_to(str(volume))
    else:
        lasts = platform != "Heroku" and any(is_mount(folder) for folder in file.parents if folder not in _NOT_KEPT)
    return None if lasts else EphemeralDisk(platform)


def detect_ephemeral_disk_here(database_url: SecretStr) -> EphemeralDisk | None:
    """Tell it of this process and its DATABASE_URL.

    Raises:
        SettingsError: The URL is none that a store takes.
    """
    return detect_ephemeral_disk(os.environ, resolve_sqlite_path(database_url.get_secret_value()), os.path.ismount)


def _platform(environment: Mapping[str, str]) -> str | None:
    return next((name for name, marks in _MARKS if any(_has(environment, mark) for mark in marks)), None)


def _has(environment: Mapping[str, str], mark: str) -> bool:
    if mark.endswith("_"):
        return any(name.startswith(mark) and value for name, value in environment.items())
    return bool(environment.get(mark))
