"""What mutations share: the idempotency key, and the ids that a command answers."""

import json
from dataclasses import asdict, replace
from hashlib import sha256

from domain.errors import BadInput, NotFound
from domain.inputs import check_storable
from domain.members import Viewer
from domain.transactions import Ids, Once
from schema.commands import CommandInput, Given
from schema.context import Info

MAX_KEY = 200


def once(info: Info, input: Given[CommandInput]) -> Once | None:
    """The caller's key with what it stands for; None without one. Raises BadInput."""
    return once_of(info.context.viewer, info.field_name, input)


def once_of(viewer: Viewer, mutation: str, input: CommandInput) -> Once | None:
    """The same for who does not speak GraphQL: a key is good for both. Raises BadInput."""
    key = checked_key(input)
    if key is None:
        return None
    said = json.dumps(asdict(replace(input, idempotency_key=None)), sort_keys=True, default=str)
    return Once(viewer.member_id, mutation, key, sha256(said.encode()).hexdigest())


def checked_key(input: CommandInput) -> str | None:
    """Raises BadInput."""
    return None if input.idempotency_key is None else given_key(input.idempotency_key)


def given_key(key: str) -> str:
    """Raises BadInput."""
    check_storable(key, "idempotencyKey")
    if not 1 <= len(key) <= MAX_KEY:
        raise BadInput(f"Give an idempotencyKey of 1 to {MAX_KEY} characters, or none.", field=("idempotencyKey",))
    return key


def left[T](found: T | None) -> T:
    """What a command made; a repeated key may come when it is gone. Raises NotFound."""
    if found is None:
        raise NotFound("What this key made has been deleted since.", field=("idempotencyKey",))
    return found


def row(ids: Ids, noun: str) -> int:
    """The row that a command answered. A KeyError or TypeError is a fault of ours."""
    found = ids[noun]
    if not isinstance(found, int):
        raise TypeError(f"A command answered {found!r} for {noun}.")
    return found
