"""Resolve reports: by the buttons below a line of a log channel, and in the lists of /mjserver and /mjadmin.

Every click checks anew who clicks, and reads what is stored now: a line may be old, and another process's.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import discord
from discord.ext import commands

from bot.entities import Report, ReportAudience
from bot.errors import StoreUnavailable
from bot.features.moderation import LONGEST_BLOCK_HOURS
from bot.features.reports import ReportService, Requester, Resolution
from bot.timeouts import wait_at_most
from cogs.commands.management.moderation import check_moderator, judge_block_target
from cogs.components.modals import read_text_field
from cogs.context import MODAL_EVENT, Interaction, to_person
from cogs.languages import _, use_language
from cogs.messaging.channels.report_lines import ReportLines
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.reports import (
    NO_SUCH_REPORT,
    NOT_FROM_HERE,
    REQUESTER_UNKNOWN,
    REQUESTER_UNKNOWN_TO_OPERATOR,
    STALE_REPORT_BUTTON,
    describe_case,
    describe_done,
    describe_resolved_before,
)
from cogs.views.panels.admin_pages import NOT_AN_OPERATOR, OWNERS_UNKNOWN
from cogs.views.panels.report_list import CASES_PER_PAGE, render_report_list
from cogs.views.report_controls import (
    HOURS_FIELD,
    REPORT_CLICK_EVENT,
    WHY_FIELD,
    ReportAction,
    ReportControl,
    ReportItem,
    build_block_form,
)

_READ_SECONDS: Final = 1.5
"""How long the form's look into the database may take: Discord waits three seconds for a form."""


class ReportResolutionCog(commands.Cog):
    """Deletes, blocks and dismisses; `owners` own the application."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        service: ReportService,
        lines: ReportLines,
        owners: Collection[int],
    ) -> None:
        self._bot = bot
        self._service = service
        self._lines = lines
        self._owners = owners

    async def cog_load(self) -> None:
        """Handle the buttons of any line and list."""
        self._bot.add_dynamic_items(ReportItem)

    @commands.Cog.listener(f"on_{REPORT_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, control: ReportControl) -> None:
        """Open the form that blocks, resolve a case, or show a page of the open ones."""
        async with send_ephemeral_on_error(interaction):
            if refusal := self._judge(interaction, control):
                await send_ephemeral(interaction, refusal)
            elif control.action is ReportAction.BLOCK:
                await self._open_block_form(interaction, control)
            elif await defer_click(interaction):
                await self._follow(interaction, control)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Block the person as the form says, which another process may have opened."""
        data: Mapping[str, Any] = interaction.data or {}
        control = ReportControl.parse(str(data.get("custom_id", "")))
        if control is None:
            return
        async with send_ephemeral_on_error(interaction):
            if refusal := self._judge(interaction, control):
                await send_ephemeral(interaction, refusal)
            elif await defer_click(interaction):
                await self._block(interaction, control, data)

    def _judge(self, interaction: Interaction, control: ReportControl) -> str:
        """Say why this person may not resolve reports; "" if they may."""
        if control.audience is ReportAudience.SERVER:
            return check_moderator(interaction)
        if not self._owners:
            return _(OWNERS_UNKNOWN)
        return "" if interaction.user.id in self._owners else _(NOT_AN_OPERATOR)

    async def _follow(self, interaction: Interaction, control: ReportControl) -> None:
        if control.action is ReportAction.LIST:
            await self._show_list(interaction, control)
            return
        report = await self._find_report(interaction, control)
        if report is None:
            return
        moderator = to_person(interaction.user)
        if control.action is ReportAction.DELETE:
            # A person's own install works in servers that the bot has not joined, and in their group chats.
            reachable = not report.guild_id or self._bot.get_guild(report.guild_id) is not None
            resolution = await self._service.delete_message(report.id, moderator, reachable=reachable)
        elif control.action is ReportAction.DISMISS:
            resolution = await self._service.dismiss(report.id, moderator)
        else:
            await send_ephemeral(interaction, _(STALE_REPORT_BUTTON))
            return
        await self._show_resolution(interaction, control, resolution)

    async def _find_report(self, interaction: Interaction, control: ReportControl) -> Report | None:
        """Return the report of a button, or tell why there is none that this person can resolve."""
        case = await self._service.list_case(control.report_id)
        if not case:
            await send_ephemeral(interaction, _(NO_SUCH_REPORT))
            return None
        if control.audience is ReportAudience.SERVER and case[0].guild_id != interaction.guild_id:
            await send_ephemeral(interaction, _(NOT_FROM_HERE))
            return None
        return next((one for one in case if one.id == control.report_id), case[0])

    async def _open_block_form(self, interaction: Interaction, control: ReportControl) -> None:
        """Open the form as the first response, unless the case is resolved or the person is not known."""
        try:
            case, requester = await wait_at_most(self._read_requester(control), _READ_SECONDS)
        except TimeoutError:
            raise StoreUnavailable("is slow.") from None
        if not case or not case[0].is_open:
            await send_ephemeral(interaction, describe_resolved_before(case))
        elif control.audience is ReportAudience.SERVER and case[0].guild_id != interaction.guild_id:
            await send_ephemeral(interaction, _(NOT_FROM_HERE))
        elif requester is None:
            await send_ephemeral(interaction, _describe_unknown(control))
        else:
            form = build_block_form(control, requester)
            await acknowledge(interaction, interaction.response.send_modal(form))

    async def _read_requester(self, control: ReportControl) -> tuple[Sequence[Report], Requester | None]:
        case = await self._service.list_case(control.report_id)
        return case, await self._service.find_requester(case[0]) if case else None

    async def _block(self, interaction: Interaction, control: ReportControl, data: Mapping[str, Any]) -> None:
        report = await self._find_report(interaction, control)
        if report is None:
            return
        requester = await self._service.find_requester(report)
        if requester is None:
            await send_ephemeral(interaction, _describe_unknown(control))
            return
        if refusal := await self._judge_target(interaction, control, requester.id):
            await send_ephemeral(interaction, refusal)
            return
        try:
            typed = read_text_field(data, HOURS_FIELD).strip().replace(",", ".")
            resolution = await self._service.block_requester(
                report.id,
                requester.id,
                report.guild_id if control.audience is ReportAudience.SERVER else 0,
                to_person(interaction.user),
                hours=float(typed) if typed else None,
                reason=read_text_field(data, WHY_FIELD),
            )
        except ValueError:
            text = _(
                "The hours must be a number above 0, such as 24 or 0.5, and at most {most}. Nothing changed."
            ).format(most=LONGEST_BLOCK_HOURS)
            await send_ephemeral(interaction, text)
            return
        await self._show_resolution(interaction, control, resolution)

    async def _judge_target(self, interaction: Interaction, control: ReportControl, person_id: int) -> str:
        """Say why this person can't block that one, by the rules of /mjblock and /mjadmin; "" if they can."""
        if control.audience is ReportAudience.OPERATOR:
            is_owner = person_id in self._owners
            return _("You can't block an operator of this bot. Nothing changed.") if is_owner else ""
        member = await self._fetch_member(interaction, person_id)
        if member is None:
            return _describe_unknown(control)
        return judge_block_target(interaction, member, self._owners)

    async def _fetch_member(self, interaction: Interaction, person_id: int) -> discord.Member | discord.User | None:
        """Fetch a person with their roles here; one who has left the server without them, None for a deleted one."""
        try:
            if interaction.guild is not None:
                return await with_timeout(interaction.guild.fetch_member(person_id))
        except discord.NotFound:
            pass
        try:
            return await with_timeout(self._bot.fetch_user(person_id))
        except discord.NotFound:
            return None

    async def _show_resolution(self, interaction: Interaction, control: ReportControl, resolution: Resolution) -> None:
        """Show a case where it was clicked, and in its lines; tell the second of two moderators who was first."""
        case = resolution.case
        if not resolution.is_new:
            await send_ephemeral(interaction, describe_resolved_before(case))
        if control.page is not None:
            await self._show_list(interaction, control, notice=describe_done(case) if resolution.is_new else "")
        if case:
            self._lines.show(case[0].id)
            if control.page is None and not case[0].is_open:
                await self._edit_clicked(interaction, control, case)

    async def _edit_clicked(self, interaction: Interaction, control: ReportControl, case: Sequence[Report]) -> None:
        """Show the end of a case in the line that was clicked, in the language of all who read that channel."""
        languages, is_server = interaction.client.languages, control.audience is ReportAudience.SERVER
        with use_language(languages.choose_for_message(interaction) if is_server else languages.default):
            text = describe_case(case, control.audience)
        request = interaction.edit_original_response(
            content=text, view=None, allowed_mentions=discord.AllowedMentions.none()
        )
        await with_timeout(request)

    async def _show_list(self, interaction: Interaction, control: ReportControl, *, notice: str = "") -> None:
        """Show a page of the open cases: of this server, or of all to the operator."""
        guild_id = (interaction.guild_id or 0) if control.audience is ReportAudience.SERVER else None
        cases, total, page = await self._service.list_open_cases(guild_id, control.page or 0, CASES_PER_PAGE)
        embed, view = render_report_list(cases, total, control.audience, page)
        request = interaction.edit_original_response(
            content=notice or None, embed=embed, view=view, allowed_mentions=discord.AllowedMentions.none()
        )
        await with_timeout(request)


def _describe_unknown(control: ReportControl) -> str:
    is_operator = control.audience is ReportAudience.OPERATOR
    return _(REQUESTER_UNKNOWN_TO_OPERATOR if is_operator else REQUESTER_UNKNOWN)
