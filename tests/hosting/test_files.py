"""Each hosting file starts one worker, lets it end in peace, asks for its secrets and keeps its rows."""

import re
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.ops.platform_disk import detect_ephemeral_disk
from bot.settings import Settings
from bot.store import parse_database_url
from tests.hosting.dockerfile import read
from tests.hosting.files import ROOT, instructions, parsed, procfile, start_commands, text, unit

SETTINGS = {name.upper() for name in Settings.model_fields}
SECRETS = {"DISCORD_TOKEN", "MJ_API_KEY"}
GRACE_SECONDS = 15
DEFAULT_RELAY = Settings.model_fields["mj_api_url"].default
ALL = ("Procfile", "app.json", "railway.json", "render.yaml", "fly.toml", "Dockerfile", ".dockerignore", "compose.yaml")


def render_worker() -> dict[str, Any]:
    """Return the one service of render.yaml."""
    [service] = parsed("render.yaml")["services"]
    found: dict[str, Any] = service
    return found


def test_every_start_command_is_the_bot_itself() -> None:
    """Nothing stands between the platform and Python, no shell and no script, so that SIGTERM reaches it."""
    commands = start_commands()
    unit_python, *rest = commands.pop("README's unit")
    assert (unit_python[-17:], rest) == ("/.venv/bin/python", ["-m", "bot"])
    assert commands == {name: ["python", "-m", "bot"] for name in commands}


def test_no_secret_is_in_any_file() -> None:
    """No file holds a token, a key, or a database's password."""
    for name in ALL:
        assert not re.search(r"[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}|\bsk-\w|://\w+:[^@\s]+@", text(name)), name


def test_heroku_runs_one_worker() -> None:
    """The Procfile has a worker and no web process; the button makes one with PostgreSQL, and asks for the secrets."""
    assert text("Procfile") == "worker: python -m bot\n"
    assert procfile() == {"worker": "python -m bot"}
    app = parsed("app.json")
    assert set(app["formation"]) == {"worker"}
    assert app["formation"]["worker"]["quantity"] == 1
    assert app["buildpacks"] == [{"url": "heroku/python"}]
    assert [one.split(":")[0] for one in app["addons"]] == ["heroku-postgresql"]
    assert set(app["env"]) <= SETTINGS
    for name in SECRETS:
        assert app["env"][name].keys() == {"description"}, "no value, and required"


def test_platforms_find_one_list_of_what_to_install() -> None:
    """Heroku refuses two: requirements.txt is the only one, and the Dockerfile installs it."""
    others = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "setup.py", "runtime.txt", "environment.yml")
    assert (ROOT / "requirements.txt").exists()
    assert [name for name in others if (ROOT / name).exists()] == []


def test_railway_runs_one_replica() -> None:
    """Railway builds the Dockerfile, so no shell starts the bot; it waits until the bot runs, and lets it end."""
    railway = parsed("railway.json")
    assert railway["build"] == {"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"}
    deploy = railway["deploy"]
    assert deploy["startCommand"] == "python -m bot"
    assert deploy["numReplicas"] == 1
    # A number: in quotes, as Railway's own page has it, its parser refuses the deployment.
    assert isinstance(deploy["drainingSeconds"], int)
    assert deploy["drainingSeconds"] >= GRACE_SECONDS
    assert (deploy["healthcheckPath"], deploy["healthcheckTimeout"] >= 60) == ("/healthz", True)
    assert "`DATABASE_URL` with the value `${{Postgres.DATABASE_URL}}`" in text("README.md")


def test_render_runs_one_worker_with_its_database() -> None:
    """A worker, not a web service; the image's own command, one instance, time to end, and a database that stays."""
    worker = render_worker()
    assert (worker["type"], worker["runtime"], worker["numInstances"]) == ("worker", "docker", 1)
    assert worker["maxShutdownDelaySeconds"] >= GRACE_SECONDS
    assert worker.keys().isdisjoint({"dockerCommand", "startCommand", "healthCheckPath", "scaling"})
    variables = {one["key"]: one for one in worker["envVars"]}
    assert variables.keys() == SECRETS | {"DATABASE_URL", "MJ_API_URL"}
    assert variables["MJ_API_URL"]["value"] == DEFAULT_RELAY
    assert all(variables[name] == {"key": name, "sync": False} for name in SECRETS)
    [database] = parsed("render.yaml")["databases"]
    assert variables["DATABASE_URL"]["fromDatabase"] == {"name": database["name"], "property": "connectionString"}
    assert database["plan"] != "free"
    assert database["ipAllowList"] == []


def test_fly_runs_one_machine_with_its_volume() -> None:
    """SIGTERM and half a minute instead of SIGINT and five seconds; no service, and the file lies on the volume.

    Fly.io stops a service that gets no requests; a check of its own needs none.
    """
    fly = parsed("fly.toml")
    assert (fly["kill_signal"], fly["kill_timeout"] >= GRACE_SECONDS) == ("SIGTERM", True)
    assert set(fly["processes"]) == {"worker"}
    assert fly.keys().isdisjoint({"http_service", "services", "statics"})
    [mount], [restart] = fly["mounts"], fly["restart"]
    assert restart["policy"] == "always"
    assert fly["build"] == {"dockerfile": "Dockerfile"}
    assert fly["env"].keys() == {"DATABASE_URL", "MJ_API_URL", "PORT"}
    assert fly["env"]["MJ_API_URL"] == DEFAULT_RELAY
    [check] = fly["checks"].values()
    assert (check["type"], check["path"], str(check["port"])) == ("http", "/healthz", fly["env"]["PORT"])
    assert check["processes"] == ["worker"]
    file = parse_database_url(fly["env"]["DATABASE_URL"]).database
    assert file is not None
    volume = PurePosixPath(mount["destination"])
    assert detect_ephemeral_disk({"FLY_APP_NAME": "mjbot"}, PurePosixPath(file), lambda path: path == volume) is None
    assert all(one["processes"] == ["worker"] for one in (mount, restart, *fly["vm"]))


def test_the_image_holds_the_bot_and_nothing_else() -> None:
    """A slim image of the supported Python, pinned packages, two folders of code, a user with one folder to write."""
    [base] = instructions("FROM")
    version = text(".python-version").strip().rpartition(".")[0]
    assert base.text == f"python:{version}-slim"
    copied = [one.text.split() for one in instructions("COPY")]
    assert copied == [["requirements.txt", "./"], ["bot/", "bot/"], ["cogs/", "cogs/"]]
    made, installed = [one.text for one in instructions("RUN")]
    assert "pip install --no-cache-dir --require-hashes -r requirements.txt" == installed
    assert re.search(r"useradd .*\bmjbot\b", made)
    assert "install --directory --owner=mjbot --group=mjbot data" in made
    assert [one.text for one in instructions("WORKDIR", "USER", "STOPSIGNAL")] == ["/app", "mjbot", "SIGTERM"]
    names = [one.name for one in instructions()]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in {"RUN", "COPY"})
    assert not instructions("EXPOSE", "ENTRYPOINT", "ADD", "ARG")


def test_the_build_is_sent_only_what_it_copies() -> None:
    """Everything is left out that is not let in by name; `.env` cannot slip into an image."""
    lines = [line for line in text(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line.removeprefix("!").rstrip("/") for line in lines if line.startswith("!")}
    copied = {one.text.split()[0].rstrip("/") for one in instructions("COPY")}
    assert let_in == copied | {"Dockerfile"}


def test_compose_runs_one_bot_beside_its_database() -> None:
    """The image's own command under an init, no port, time to end, and a PostgreSQL that is well before it starts."""
    services = parsed("compose.yaml")["services"]
    bot, database = services["bot"], services["database"]
    assert (bot["build"], bot["env_file"], bot["init"], bot["stop_signal"]) == (".", ".env", True, "SIGTERM")
    assert bot["deploy"]["replicas"] == 1
    assert seconds(bot["stop_grace_period"]) >= GRACE_SECONDS
    assert bot.keys().isdisjoint({"ports", "expose", "command", "entrypoint", "healthcheck"})
    assert bot["environment"].keys() == {"DATABASE_URL", "PORT"}
    assert interpolate(bot["environment"]["PORT"], PORT="") == "8080", "an empty PORT of .env leaves the check its port"
    url = parse_database_url(interpolate(bot["environment"]["DATABASE_URL"], DATABASE_URL="sqlite:///data/mjbot.db"))
    assert (url.get_backend_name(), url.host) == ("postgresql", "database")
    assert {url.username, url.database} == {database["environment"]["POSTGRES_USER"]}
    assert bot["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "pg_isready" in database["healthcheck"]["test"]


def test_compose_takes_another_database_by_name() -> None:
    """COMPOSE_DATABASE_URL of `.env` replaces the PostgreSQL of compose.yaml; `.env.example` and README say so."""
    chosen = "postgresql://someone@elsewhere/rows"
    value = parsed("compose.yaml")["services"]["bot"]["environment"]["DATABASE_URL"]
    assert interpolate(value, COMPOSE_DATABASE_URL=chosen) == chosen
    assert all("COMPOSE_DATABASE_URL" in text(name) for name in (".env.example", "README.md"))


def test_compose_keeps_the_database_private() -> None:
    """The database lies on a named volume, where PostgreSQL 18 wants it, on a network without a way in or out."""
    compose = parsed("compose.yaml")
    database = compose["services"]["database"]
    assert database["image"].startswith("postgres:18")
    assert database["volumes"] == ["rows:/var/lib/postgresql"]
    assert "rows" in compose["volumes"]
    assert "ports" not in database
    assert database["networks"] == ["rows"]
    assert compose["networks"]["rows"] == {"internal": True}
    assert [name for name, one in compose["services"].items() if "rows" in one["networks"]] == ["bot", "database"]


def test_the_unit_of_readme_restarts_and_waits() -> None:
    """After any end, systemd starts the bot again; before one, it gives the bot time to stop."""
    service = unit()["Service"]
    given = {name: service[name] for name in ("Restart", "KillSignal", "TimeoutStopSec", "RestartSec")}
    assert given == {"Restart": "always", "KillSignal": "SIGTERM", "TimeoutStopSec": "30", "RestartSec": "10"}
    assert service["User"] != "root"
    assert service["ExecStart"].startswith(service["WorkingDirectory"] + "/")
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


def test_readme_names_every_platform() -> None:
    """Each platform with a file here, or of which the bot warns, is in README by name."""
    readme = text("README.md")
    places = ("Heroku", "Railway", "Render", "Fly.io", "systemd", "docker compose", "SHARD_COUNT=4")
    assert [place for place in places if place not in readme] == []


def test_a_dockerfile_is_read_as_docker_does() -> None:
    """Comments between lines that go on are left out, and a command for the shell is no exec form."""
    first, second = read("# a\nRUN one \\\n  # b\n  && two\n\ncmd python -m bot\n")
    assert (first.name, first.text) == ("RUN", "one && two")
    assert second.name == "CMD"
    with pytest.raises(ValueError, match="Expecting value"):
        assert second.argv
    [third] = read('CMD "python -m bot"')
    with pytest.raises(TypeError, match="not in exec form"):
        assert third.argv


def interpolate(text: str, **variables: str) -> str:
    """Replace `${NAME:-default}` as compose does: an empty variable counts as unset."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: variables.get(found[1]) or found[2], text)


def seconds(text: str) -> int:
    """Read "30s" as compose does."""
    found = re.fullmatch(r"(\d+)s", text)
    assert found, text
    return int(found[1])
