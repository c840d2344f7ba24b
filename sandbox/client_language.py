# ruff: noqa: RUF001 - the punctuation of Chinese
"""Switch the language of the visitor's Discord client, by a menu on SimCord's page or by `?language=vi` in its address.

SimCord's people all have English clients: their interactions carry "en-US", and the page shows each command in its
default language. (SimCord 3.2.1, pinned.)
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from simcord import Env, Preview, SetupError
from simcord.preview._server import PreviewServer

from bot.languages import OWN_NAMES, Language, find_language

_SCRIPT: Final = "/language.js"
_END_OF_HEADING: Final = '</header>\n              <button id="history-older"'
"""The menu is the last thing in the heading of the channel."""
_STYLE: Final = """
.language-picker {
  flex: none; padding: 4px; color: var(--discord-text); background: #313338; border-radius: 6px; font-size: 13px;
}
"""
_Words = tuple[str, str, str]
"""Vietnamese, Simplified Chinese, Traditional Chinese."""
_CLIENT_WORDS: Final[Mapping[str, Mapping[str, _Words]]] = {
    "/messages.js": {
        '"Only you can see this"': ('"Chỉ bạn mới xem được tin nhắn này"', '"仅您可见"', '"只有您能看見"'),
        "${invoker} used ": ("${invoker} đã dùng ", "${invoker} 使用了 ", "${invoker} 使用了 "),
        '(edited)"': ('(đã chỉnh sửa)"', '（已编辑）"', '（已編輯）"'),
        '"Thinking…"': ('"Đang suy nghĩ…"', '"正在思考…"', '"正在思考…"'),
    },
    "/components.js": {
        '"Cancel"': ('"Hủy"', '"取消"', '"取消"'),
        '`This form will be submitted to ${modal.application_name || "this application"}. '
        "Do not share passwords or other sensitive information.`": (
            "`Biểu mẫu này sẽ được gửi đến ${modal.application_name}. Đừng chia sẻ mật khẩu hay thông tin nhạy cảm.`",
            "`此表单将提交给 ${modal.application_name}。请勿分享密码或其他敏感信息。`",
            "`此表單將提交給 ${modal.application_name}。請勿分享密碼或其他敏感資訊。`",
        ),
        '"Submit"': ('"Gửi"', '"提交"', '"送出"'),
    },
    "/composer.js": {
        "`Message ${channel.glyph}${channel.name}`": (
            "`Nhắn ${channel.glyph}${channel.name}`",
            "`给 ${channel.glyph}${channel.name} 发消息`",
            "`傳訊息到 ${channel.glyph}${channel.name}`",
        ),
    },
    "/commands.js": {
        " optional`": (" tùy chọn`", " 个可选项`", " 個選用項`"),
        '${displayed.length ? "more" : "options"}': ("tùy chọn", "个选项", "個選項"),
        '"This field is required."': ('"Mục này là bắt buộc."', '"此项为必填。"', '"此欄為必填。"'),
        '"Choose file"': ('"Chọn tệp"', '"选择文件"', '"選擇檔案"'),
    },
    "/modal.js": {
        '"This field is required."': ('"Mục này là bắt buộc."', '"此项为必填。"', '"此欄為必填。"'),
    },
    "/selects.js": {
        '"Select an option"': ('"Chọn một mục"', '"请选择"', '"請選擇"'),
        '"Select one or more options"': ('"Chọn một hoặc nhiều mục"', '"请选择一项或多项"', '"請選擇一項或多項"'),
    },
}
"""The words of the client that people meet, by the file of SimCord's page and the JavaScript that they stand in."""


class ClientLanguage:
    """The language of one person's Discord client: their interactions carry it, and their commands are shown in it."""

    def __init__(self, env: Env, person_id: int) -> None:
        self.language = Language.ENGLISH
        self._person_id = person_id
        backend: Any = env.backend
        self._emit = backend.emit
        self._list_commands = backend.visible_commands
        backend.emit = self._emit_with_locale
        backend.visible_commands = self._list_localized_commands

    @property
    def locale(self) -> str:
        """Discord's name of the language."""
        return "en-US" if self.language is Language.ENGLISH else self.language.value

    def _emit_with_locale(self, event: str, payload: dict[str, Any]) -> None:
        if event == "INTERACTION_CREATE":
            user = payload["member"]["user"] if "member" in payload else payload["user"]
            if int(user["id"]) == self._person_id:
                payload["locale"] = self.locale
        self._emit(event, payload)

    def _list_localized_commands(self, *, user_id: int, **place: int) -> list[dict[str, Any]]:
        commands: list[dict[str, Any]] = self._list_commands(user_id=user_id, **place)
        if user_id != self._person_id:
            return commands
        return [localize_command(command, self.locale) for command in commands]


def localize_command(part: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Return a command, or an option of one, with descriptions and names of choices in a language.

    The names of commands and options stay: SimCord finds them by these.
    """
    localized: dict[str, Any] = {
        **part,
        "description": _pick(part.get("description_localizations"), locale, part["description"]),
    }
    if options := part.get("options"):
        localized["options"] = [localize_command(option, locale) for option in options]
    if choices := part.get("choices"):
        localized["choices"] = [
            {**choice, "name": _pick(choice.get("name_localizations"), locale, choice["name"])} for choice in choices
        ]
    return localized


def _pick(texts: dict[str, str] | None, locale: str, default: str) -> str:
    return (texts or {}).get(locale, default)


class TranslatedPage(PreviewServer):
    """Serves SimCord's page with a language switch, and in the language of the visitor's client."""

    _STATIC_FILES = {**PreviewServer._STATIC_FILES, _SCRIPT: str(Path(__file__).with_name("language.js"))}  # noqa: RUF012, SLF001  # pyright: ignore[reportPrivateUsage]

    def __init__(self, preview: Preview, port: int | None, client: ClientLanguage) -> None:
        super().__init__(preview, port or 0)
        self._client = client
        self.on_choice: Callable[[Language], Awaitable[None]] | None = None
        """Called with a language that was chosen, before the page is shown in it."""

    async def _index(self, request: web.Request) -> web.Response:
        """Switch to the language in the address, if it names one, and serve the page."""
        chosen = find_language(request.query.get("language"))
        if chosen is not None and chosen is not self._client.language:
            self._client.language = chosen
            self.preview.locale = self._client.locale
            if self.on_choice is not None:
                await self.on_choice(chosen)
        page: web.Response = await super()._index(request)
        return page

    async def _static(self, request: web.Request) -> web.Response:
        """Serve a file of the page, its words in the language of the client."""
        file: web.Response = await super()._static(request)
        if request.path == "/":
            file.text = add_language_switch(file.text or "", self._client.language)
        elif request.path == "/preview.css":
            file.text = (file.text or "") + _STYLE
        elif words := _CLIENT_WORDS.get(request.path):
            file.text = translate_script(file.text or "", words, self._client.language)
        return file

    async def _asset(self, request: web.Request) -> web.Response:
        """Serve a file of a message, unless its page was closed by opening another: SimCord fails then."""
        try:
            file: web.Response = await super()._asset(request)
        except SetupError:
            raise web.HTTPGone from None
        return file


def add_language_switch(page: str, chosen: Language) -> str:
    """Add the menu of languages, and the script that it needs, to the HTML of SimCord's page."""
    options = "".join(
        f'<option value="{language}"{" selected" if language is chosen else ""}>{OWN_NAMES[language]}</option>'
        for language in Language
    )
    menu = (
        f'<select id="language-picker" class="language-picker" aria-label="Language" autocomplete="off">'
        f"{options}</select>"
    )
    return (
        page.replace('<html lang="en">', f'<html lang="{chosen}">')
        .replace(_END_OF_HEADING, menu + _END_OF_HEADING)
        .replace("</body>", f'<script type="module" src="{_SCRIPT}"></script></body>')
    )


def translate_script(script: str, words: Mapping[str, _Words], language: Language) -> str:
    """Put the client's words in a language into JavaScript of SimCord's page."""
    if language is Language.ENGLISH:
        return script
    column = (Language.VIETNAMESE, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE).index(language)
    for english, translated in words.items():
        script = script.replace(english, translated[column])
    return script
