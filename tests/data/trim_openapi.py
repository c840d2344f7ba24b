"""Cut Discord's OpenAPI document down to the request bodies that the loopback checks: `trim_openapi.py FULL.json`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BODIES = (
    ("/applications/{application_id}/commands", "put"),
    ("/applications/{application_id}/commands", "post"),
    ("/applications/{application_id}/commands/{command_id}", "patch"),
    ("/applications/{application_id}/guilds/{guild_id}/commands", "put"),
    ("/applications/{application_id}/guilds/{guild_id}/commands", "post"),
    ("/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", "patch"),
    ("/channels/{channel_id}/messages", "post"),
    ("/channels/{channel_id}/messages/{message_id}", "patch"),
    ("/interactions/{interaction_id}/{interaction_token}/callback", "post"),
    ("/users/@me/channels", "post"),
    ("/webhooks/{webhook_id}/{webhook_token}", "post"),
    ("/webhooks/{webhook_id}/{webhook_token}/messages/@original", "patch"),
    ("/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", "patch"),
)
_ABOUT = (
    "Cut by trim_openapi.py from Discord's OpenAPI document (github.com/discord/discord-api-spec, specs/openapi.json): "
    "the JSON request bodies of a few operations and the schemas that they use. By Discord, under the MIT License."
)
_PROSE = frozenset({"description", "title", "x-discord-union"})


def trim(document: dict[str, Any]) -> dict[str, Any]:
    """Keep the bodies of `_BODIES`, what they refer to, and nothing that only people read."""
    paths: dict[str, Any] = {}
    for path, method in _BODIES:
        schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        body = {"content": {"application/json": {"schema": _plain(schema)}}}
        paths.setdefault(path, {})[method] = {"requestBody": body}
    kept: dict[str, Any] = {}
    pending = set(_references(paths))
    while pending:
        name = pending.pop()
        kept[name] = _plain(document["components"]["schemas"][name])
        pending |= set(_references(kept[name])) - kept.keys()
    return {"_meta": _ABOUT, "paths": paths, "components": {"schemas": dict(sorted(kept.items()))}}


def _plain(schema: Any, *, names: bool = False) -> Any:  # noqa: ANN401
    if isinstance(schema, dict):
        return {
            key: _plain(value, names=key == "properties") for key, value in schema.items() if names or key not in _PROSE
        }
    return [_plain(item) for item in schema] if isinstance(schema, list) else schema


def _references(schema: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)


if __name__ == "__main__":
    full = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(__file__).with_name("discord-openapi.json").write_text(
        json.dumps(trim(full), separators=(",", ":")) + "\n", encoding="utf-8"
    )
