"""What people do: slash commands, clicks, modals, menus and typing, as the INTERACTION_CREATE of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.wire.loopback_state import Interaction, State, Upload
from tests.wire.loopback_world import Channel, Message, Person

_SLASH, _MESSAGE_MENU = 1, 3
_SUBCOMMANDS = frozenset({1, 2})


def event(state: State, act: Interaction, data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the INTERACTION_CREATE of an act, with every key that discord.py reads."""
    act.data = data
    channel = act.channel
    built: dict[str, Any] = {
        "id": str(act.id),
        "application_id": str(state.application_id),
        "type": act.type,
        "token": act.token,
        "version": 1,
        "data": data,
        "channel": {**channel.payload(), "permissions": str(act.user.permissions)},
        "channel_id": str(channel.id),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": state.owners(act),
        "context": channel.context,
        "app_permissions": str(state.bot.permissions if channel.visible else 0),
        "attachment_size_limit": state.file_bytes,
    }
    if channel.guild_id is None:
        built["user"] = act.user.user()
    else:
        built["guild_id"] = str(channel.guild_id)
        built["guild"] = {"id": str(channel.guild_id), "locale": "en-US", "features": []}
        built["guild_locale"] = "en-US"
        built["member"] = act.user.member()
    if act.message is not None and act.type != 2:
        built["message"] = act.message.payload()
    return built


def command(state: State, name: str, kind: int = _SLASH) -> dict[str, Any]:
    """Find a command that the bot has registered; a LookupError where Discord would not offer it."""
    known = [*state.commands, *(one for ones in state.guild_commands.values() for one in ones)]
    for one in known:
        if one["name"] == name and one.get("type", 1) == kind:
            return one
    raise LookupError(f"no command {name!r} is registered, only {[one['name'] for one in known]}")


def slash_data(
    state: State, channel: Channel, name: str, values: Mapping[str, Any], focused: str = ""
) -> dict[str, Any]:
    """Give the data of a slash command; `name` may go on with a group and a subcommand, apart by blanks."""
    first, *inner = name.split()
    registered = command(state, first)
    resolved: dict[str, Any] = {}
    path: list[Mapping[str, Any]] = []
    options: Sequence[Mapping[str, Any]] = registered.get("options") or ()
    for word in inner:
        path.append(next(one for one in options if one["name"] == word and one["type"] in _SUBCOMMANDS))
        options = path[-1].get("options") or ()
    given = [_option(state, channel, options, *pair, resolved=resolved, focused=focused) for pair in values.items()]
    missing = [one["name"] for one in options if one.get("required") and one["name"] not in values and not focused]
    if missing:
        raise LookupError(f"/{name} needs {missing}")
    for one in reversed(path):
        given = [{"name": one["name"], "type": one["type"], "options": given}]
    data = {"id": registered["id"], "name": first, "type": _SLASH, "options": given}
    return {**data, "resolved": resolved} if resolved else data


def _option(
    state: State,
    channel: Channel,
    options: Sequence[Mapping[str, Any]],
    name: str,
    value: Any,  # noqa: ANN401
    *,
    resolved: dict[str, Any],
    focused: str,
) -> dict[str, Any]:
    kind = next((one["type"] for one in options if one["name"] == name), None)
    if kind is None:
        raise LookupError(f"no option {name!r}, only {[one['name'] for one in options]}")
    if isinstance(value, Upload):
        file = state.store(value, channel)
        resolved.setdefault("attachments", {})[str(file.id)] = file.payload()
        value = str(file.id)
    elif isinstance(value, Person):
        resolved.setdefault("users", {})[str(value.id)] = value.user()
        value = str(value.id)
    given = {"name": name, "type": kind, "value": value}
    return {**given, "focused": True} if name == focused else given


def click_data(message: Message, which: str, values: Sequence[str] | None) -> dict[str, Any]:
    """Give the data of a click on a component that is there and enabled."""
    part = message.button(which)
    if part.get("disabled") or "custom_id" not in part:
        raise LookupError(f"{which!r} cannot be pressed: {part}")
    data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part.get("id", 1)}
    return data if values is None else {**data, "values": list(values)}


def modal_data(state: State, opened: Interaction, values: Mapping[str, str | Upload]) -> dict[str, Any]:
    """Give the data of a submitted modal: what was typed, what stood there already elsewhere."""
    modal = opened.modal
    rows: list[dict[str, Any]] = []
    known: set[str] = set()
    stored = {name: state.store(one, opened.channel) for name, one in values.items() if isinstance(one, Upload)}
    given = {name: str(stored[name].id) if isinstance(one, Upload) else one for name, one in values.items()}
    for row in modal["components"]:
        if row["type"] == 1:
            rows.append({"type": 1, "id": 1, "components": [_typed(one, given, known) for one in row["components"]]})
        elif row["type"] == 18:
            rows.append({"type": 18, "id": 1, "component": _typed(row["component"], given, known)})
    if not values.keys() <= known:
        raise LookupError(f"no input {sorted(values.keys() - known)}, only {sorted(known)}")
    data = {"custom_id": modal["custom_id"], "components": rows}
    files = {str(file.id): file.payload() for file in stored.values()}
    return {**data, "resolved": {"attachments": files}} if files else data


def _typed(part: Mapping[str, Any], values: Mapping[str, str], known: set[str]) -> dict[str, Any]:
    known.add(part["custom_id"])
    if part["type"] != 4:
        chosen = [values[part["custom_id"]]] if part["custom_id"] in values else []
        if not chosen and part.get("required", True) is not False:
            raise ValueError(f"{part['custom_id']}: Discord's form asks for something")
        if (offered := part.get("options")) and not {one["value"] for one in offered}.issuperset(chosen):
            raise ValueError(f"{part['custom_id']}: {chosen} is not offered")
        return {"type": part["type"], "id": 2, "custom_id": part["custom_id"], "values": chosen}
    value = values.get(part["custom_id"], part.get("value") or "")
    if not (part.get("min_length") or 0) <= len(value) <= (part.get("max_length") or 4000) and value:
        raise ValueError(f"{part['custom_id']}: Discord's form does not let {len(value)} characters be sent")
    if not value and part.get("required", True) is not False:
        raise ValueError(f"{part['custom_id']}: Discord's form asks for something")
    return {"type": 4, "id": 2, "custom_id": part["custom_id"], "value": value}


def menu_data(state: State, message: Message, name: str) -> dict[str, Any]:
    """Give the data of a message's context menu."""
    registered = command(state, name, _MESSAGE_MENU)
    target = str(message.id)
    resolved = {"messages": {target: message.payload()}}
    return {"id": registered["id"], "name": name, "type": _MESSAGE_MENU, "target_id": target, "resolved": resolved}
