"""What Discord's own OpenAPI document says about the request bodies, and then what it leaves unsaid."""

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tests.discord_payloads.forms import choice_refusals, command_refusals, modal_refusals
from tests.discord_payloads.message import refusals

_DOCUMENT = Path(__file__).parents[1] / "data" / "discord-openapi.json"


def schema_reasons(method: str, template: str, body: Any) -> list[str]:  # noqa: ANN401
    """Say where the body breaks the document's schema of this operation; none where the document has no such body."""
    validator = _validator(method.lower(), template)
    error = best_match(validator.iter_errors(body)) if validator else None
    return [f"{error.json_path.removeprefix('$.')}: {error.message[:300]}"] if error else []


def message_reasons(body: Mapping[str, Any], files: Collection[str], *, edit: bool) -> list[str]:
    """Say why Discord would refuse this message although its schema is kept."""
    return refusals(body, files=files, edit=edit)


def callback_reasons(body: Mapping[str, Any], files: Collection[str]) -> list[str]:
    """Say why Discord would refuse this answer to an interaction although its schema is kept."""
    data = body.get("data") or {}
    match body.get("type"):
        case 4:
            return refusals(data, files=files)
        case 7:
            return refusals(data, files=files, edit=True)
        case 8:
            return choice_refusals(data.get("choices"))
        case 9:
            return modal_refusals(data)
        case _:
            return []


def command_reasons(body: object) -> list[str]:
    """Say why Discord would refuse one command, or the list of all."""
    if not isinstance(body, list):
        return command_refusals(body) if isinstance(body, Mapping) else ["no command"]
    names = [(command.get("type", 1), command.get("name")) for command in body]
    twice = [f"two commands are named {name}" for name in {name for name in names if names.count(name) > 1}]
    return twice + [reason for command in body for reason in command_refusals(command)]


def _one_of(validator: Validator, schemas: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """Go straight to the component that the `type` names: many times faster, and its error says what is wrong."""
    kind = instance.get("type") if isinstance(instance, dict) else None
    named = [one for one in schemas if kind in one.get("properties", {}).get("type", {}).get("enum", ())]
    if kind is not None and len(named) == 1:
        yield from validator.descend(instance, named[0])  # type: ignore[attr-defined]  # the protocol omits it
    else:
        yield from Draft202012Validator.VALIDATORS["oneOf"](validator, schemas, instance, schema)


_Validator = extend(Draft202012Validator, {"oneOf": _one_of})  # type: ignore[no-untyped-call]


@cache
def _validator(method: str, template: str) -> Validator | None:
    operation = _document()["paths"].get(template, {}).get(method)
    return _Validator(operation["requestBody"]["content"]["application/json"]["schema"]) if operation else None


@cache
def _document() -> Any:  # noqa: ANN401
    document = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    # The document wants text; Discord takes the integers that discord.py sends, and its own examples use them.
    schemas["SnowflakeType"] = {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$"}
    for schema in list(schemas.values()):
        _resolve(schema, schemas)
    _resolve(document["paths"], schemas)
    return document


def _resolve(node: Any, schemas: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Put the very schema in the place of each reference: looked up once, not at each validation."""
    pairs = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    for key, value in pairs:
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            node[key] = schemas[value["$ref"].rpartition("/")[2]]
        else:
            _resolve(value, schemas)
