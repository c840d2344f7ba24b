# ruff: noqa: RUF001 - the punctuation of Chinese
"""The messages that a visitor of the sandbox's page meets there: example tasks, and a welcome."""

from collections.abc import Mapping
from typing import Final

from bot.languages import Language
from sandbox.environment import DOCUMENTED_ID, Environment
from sandbox.pictures import DRAWN

WELCOMES: Final[Mapping[Language, str]] = {
    Language.ENGLISH: (
        "👋 **Press U2** below the four pigs, or any other button: a new message shows the result as it is drawn. "
        "Then **type `/imagine`** and describe a picture. This demo can draw only a few things: "
        "{drawn}. Anything else becomes one of these landscapes. "
        "To follow a task, **type `/mjstatus`**, then `light`, and pick the lighthouse. **`/mjusage`** shows what "
        "everyone has spent, and **`/mjserver`** sets who may. The prices are made up: nothing here costs money."
    ),
    Language.VIETNAMESE: (
        "👋 **Bấm U2** dưới bốn chú lợn, hoặc bất kỳ nút nào khác: một tin nhắn mới sẽ cho thấy kết quả trong lúc vẽ. "
        "Sau đó **gõ `/imagine`** và mô tả một bức ảnh bằng tiếng Anh. Bản dùng thử này chỉ vẽ được vài thứ: "
        "{drawn}. Những thứ khác sẽ thành một trong các phong cảnh này. "
        "Để theo dõi một tác vụ, **gõ `/mjstatus`**, rồi `light`, và chọn ngọn hải đăng. **`/mjusage`** cho biết mọi "
        "người đã chi bao nhiêu, **`/mjserver`** quy định ai được dùng. Giá chỉ là giả định: ở đây không gì tốn tiền."
    ),
    Language.SIMPLIFIED_CHINESE: (
        "👋 **点击四只小猪下面的 U2**，或任意其他按钮：新消息会实时显示绘制过程和结果。"
        "然后**输入 `/imagine`**，用英文描述一张图片。本演示只会画几样东西：{drawn}。其他内容都会变成这些风景之一。"
        "要跟踪任务，请**输入 `/mjstatus`**，再输入 `light`，然后选择灯塔。**`/mjusage`** 显示大家花了多少，"
        "**`/mjserver`** 设置谁可以使用。价格都是虚构的：在这里不会花一分钱。"
    ),
    Language.TRADITIONAL_CHINESE: (
        "👋 **點選四隻小豬下面的 U2**，或任何其他按鈕：新訊息會即時顯示繪製過程和結果。"
        "然後**輸入 `/imagine`**，用英文描述一張圖片。這個展示只會畫幾樣東西：{drawn}。其他內容都會變成這些風景之一。"
        "要追蹤任務，請**輸入 `/mjstatus`**，再輸入 `light`，然後選擇燈塔。**`/mjusage`** 顯示大家花了多少，"
        "**`/mjserver`** 設定誰可以使用。價格都是虛構的：在這裡不會花一毛錢。"
    ),
}
"""What the guide says; a prompt is English in every language."""

TOPICS: Final[Mapping[Language, str]] = {
    Language.ENGLISH: "Press U2 below the four pigs, then type /imagine, or /mjstatus and light",
    Language.VIETNAMESE: "Bấm U2 dưới bốn chú lợn, rồi gõ /imagine, hoặc /mjstatus và light",
    Language.SIMPLIFIED_CHINESE: "点击四只小猪下面的 U2，然后输入 /imagine，或输入 /mjstatus 和 light",
    Language.TRADITIONAL_CHINESE: "點選四隻小豬下面的 U2，然後輸入 /imagine，或輸入 /mjstatus 和 light",
}
"""What stands in the heading of the channel."""


def set_topic(scene: Environment, language: Language) -> None:
    """Write the topic of the channel in a language."""
    scene.env.backend.get_channel(scene.channel.id).topic = TOPICS[language]


async def post_examples(scene: Environment, language: Language) -> None:
    """Post a failed task, a finished grid, a running task and the welcome text, in this order.

    The bot answers in the language of the visitor's Discord; `language` is that of the welcome.
    """
    failed = scene.relay.add_task(
        "failed", prompt="a knight --ar banana", fail_reason="[Invalid parameter] Invalid value for `--ar`: banana"
    )
    running = scene.relay.add_task("running", prompt="a lighthouse at dawn --ar 3:2 --v 7")
    for task_id in (failed, DOCUMENTED_ID, running):
        await scene.member.slash(scene.channel, "mjstatus", id=task_id)
    await scene.guide.send(scene.channel, WELCOMES[language].format(drawn=", ".join(DRAWN)))
