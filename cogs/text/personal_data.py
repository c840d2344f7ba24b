"""Sentences about a person's data: what is stored, exported, deleted and kept. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.entities import DataSection, DeletedData, StoredData
from bot.features.personal_data import ExportFile
from cogs.languages import N_, _, ngettext

NOT_YOURS: Final = N_("These buttons belong to the person who ran `/mydata`. Run it yourself to see your own data.")
STALE_DATA_BUTTON: Final = N_("I no longer know this button. Run `/mydata` for fresh ones.")
KEPT_DATA: Final = N_("Nothing was deleted.")
PRIVACY_SUMMARY: Final = N_(
    "To draw, I send your prompts and pictures to a service that passes them to Midjourney; the answers are shown by "
    "Discord. I store your id, name and avatar link, your prompts and pictures' links, what each request cost, and "
    "your settings, to update messages, to keep limits and never to charge you twice. The operator of this bot can see "
    "it, and it is given to no one else. `/mydata` shows, exports and deletes it. For anything else, ask the operator."
)


def describe_stored_data(stored: StoredData) -> Iterator[str]:
    """Say what is stored, one kind a line."""
    for section, count in stored.counts.items():
        if count:
            yield _describe_count(section, count)


def describe_kept_data(kept: Mapping[DataSection, int]) -> str:
    """Say what was kept under the pseudonym at an earlier deletion; "" for nothing."""
    count = sum(kept.values())
    return (
        ngettext(
            "{count} entry from before your last deletion stays under a pseudonym, for limits, blocks and the audit.",
            "{count} entries from before your last deletion stay under a pseudonym, for limits, blocks and the audit.",
            count,
        ).format(count=count)
        if count
        else ""
    )


def _describe_count(section: DataSection, count: int) -> str:
    match section:
        case DataSection.SETTINGS:
            return _("Your settings from `/mjsettings`.")
        case DataSection.JOBS:
            text = ngettext(
                "**{count} message** that you asked for: your name, your avatar's link, the place and the time.",
                "**{count} messages** that you asked for: your name, your avatar's link, the place and the time.",
                count,
            )
        case DataSection.TASKS:
            text = ngettext(
                "**{count} task** behind them: prompt, pictures' links and buttons.",
                "**{count} tasks** behind them: prompts, pictures' links and buttons.",
                count,
            )
        case DataSection.LEDGER:
            text = ngettext(
                "**{count} entry of the ledger**: what a request was and what it cost, without its prompt.",
                "**{count} entries of the ledger**: what each request was and what it cost, without its prompt.",
                count,
            )
        case DataSection.DELETED_MESSAGES:
            text = ngettext(
                "**{count} place** of an earlier message, so that private tasks stay private.",
                "**{count} places** of earlier messages, so that private tasks stay private.",
                count,
            )
        case DataSection.BLOCKS:
            text = ngettext("**{count} block** of you.", "**{count} blocks** of you.", count)
        case DataSection.RULE_CHANGES:
            text = ngettext(
                "**{count} change** of rules that you made.", "**{count} changes** of rules that you made.", count
            )
        case DataSection.REPORTS:
            text = ngettext("**{count} report** that you sent.", "**{count} reports** that you sent.", count)
    return text.format(count=count)


def describe_running_tasks(running: int) -> str:
    """Say that a deletion has to wait until what is being drawn has ended."""
    return ngettext(
        "Nothing was deleted, because {count} of your messages is still being updated. Wait until it has finished, or "
        "cancel it, and delete again.",
        "Nothing was deleted, because {count} of your messages are still being updated. Wait until they have finished, "
        "or cancel them, and delete again.",
        running,
    ).format(count=running)


def describe_deletion() -> str:
    """Say what a deletion deletes, and what stays, before it is confirmed."""
    return _(
        "**Deleted:** your settings, the entries of your messages with your name and avatar's link, your prompts, and "
        "all that I stored about your tasks. If other people follow one of them, its prompt is removed.\n"
        "**Kept under a pseudonym:** the ledger, changes of rules, blocks, and the counts of current limits. They "
        "still apply to you: a limit stays used up, and a block stays.\n"
        "**Not deleted:** messages in Discord, which you can delete one by one with 🗑️, and what the service and "
        "Midjourney keep.\n"
        "This can't be undone. Export your data first if you want to keep it."
    )


def describe_deleted_data(deleted: DeletedData) -> str:
    """Say what was deleted, and what stays."""
    removed = ngettext(
        "I deleted your settings, your prompts, your name, and the entries of {count} message.",
        "I deleted your settings, your prompts, your name, and the entries of {count} messages.",
        deleted.jobs,
    ).format(count=deleted.jobs)
    blanked = ngettext(
        "Other people follow {count} of the tasks: its prompt is removed.",
        "Other people follow {count} of the tasks: their prompts are removed.",
        deleted.blanked,
    ).format(count=deleted.blanked)
    kept = ngettext(
        "{count} entry is kept under a pseudonym: of the ledger, the audit or blocks. Limits and blocks still apply.",
        "{count} entries are kept under a pseudonym: of the ledger, the audit and blocks. Limits and blocks still "
        "apply.",
        deleted.kept,
    ).format(count=deleted.kept)
    stays = _("Messages in Discord stay: delete them with 🗑️. The service and Midjourney keep what they were sent.")
    return "\n".join([removed, *([blanked] if deleted.blanked else []), *([kept] if deleted.kept else []), stays])


def describe_export(export: ExportFile) -> str:
    """Say what is in the file of an export, or why there is none."""
    if export.data is None:
        return _(
            "Your data is too large for a file on Discord. Ask the operator of this bot for it, who can export all of "
            "it."
        )
    if export.is_compressed:
        return _("This is all that I store about you, as JSON, compressed with gzip because it is large.")
    return _("This is all that I store about you, as JSON.")
