"""Presses and commands as the services get them, and what their claims say."""

from typing import Any

from bot.entities import Person
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.prompts.prompt_builder import ImagineOptions
from bot.midjourney.submit_response import SubmitResponse
from bot.policy.rules import Spender
from bot.submissions.claims import Press
from bot.submissions.command_requests import CommandRequest, build_imagine
from bot.submissions.commands import CommandInvocation
from tests.fakes.attachment import FakePictureInput
from tests.fakes.sample_entities import CHILD, LIEN, PARENT, U2, place, viewer
from tests.worlds.services import ServiceWorld

QUEUED = SubmitResponse(code=22, description="前面还有 2 个任务", result=CHILD)
ASKS_FOR_MODAL = SubmitResponse(code=21, description="Waiting for window confirm", result=CHILD)


def press(
    interaction_id: int = 100,
    person: Person = LIEN,
    button: str = U2,
    *,
    task_id: str = PARENT,
    **spender: Any,  # noqa: ANN401
) -> Press:
    """Return a press of a button of the parent, or with `task_id` of its child; its price is confirmed already."""
    given = {"person_id": person.id, "guild_id": 6, "requester_id": LIEN.id, **spender}
    clicked = place(800 if task_id == CHILD else 700)
    return Press(
        interaction_id=interaction_id,
        person=person,
        viewer=viewer(person, clicked),
        spender=Spender(**given),
        place=clicked,
        task_id=task_id,
        button_key=hash_custom_id(button),
        is_price_confirmed=True,
    )


def command(interaction_id: int = 100, person: Person = LIEN, **spender: Any) -> CommandInvocation:  # noqa: ANN401
    """Return one use of a command."""
    given = {"person_id": person.id, "guild_id": 6, **spender}
    return CommandInvocation(interaction_id=interaction_id, person=person, spender=Spender(**given))


def imagine(prompt: str = "a lighthouse --ar 3:2", *pictures: FakePictureInput) -> CommandRequest:
    """Return what /imagine asks for."""
    return build_imagine(ImagineOptions(prompt=prompt), pictures)


def claim_states(world: ServiceWorld) -> dict[int, str]:
    """Return the state of each claim, by its id."""
    return {claim.id: claim.state for claim in world.store.claimed.values()}
