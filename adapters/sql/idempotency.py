"""What was answered under an idempotency key: ids of what was done, or the refusal."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, bindparam, delete, insert, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.late import light
from adapters.sql.naming import Row, table_of
from adapters.sql.types import time_field
from adapters.sql.writer import connection_of
from domain import errors
from domain.errors import Conflict, Refused
from domain.transactions import KEPT_DAYS, Ids, Once


class AnswerRow(Row, table=True):
    __tablename__ = "idempotent_answer"

    member_id: int = Field(primary_key=True, foreign_key="member.id")
    mutation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    input_hash: str
    ids: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    refusal: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    answered_at: datetime = time_field(index=True)
    transaction_id: str = ""


ANSWERS = table_of(AnswerRow)
OF_KEY = (
    (ANSWERS.c.member_id == bindparam("of_member"))
    & (ANSWERS.c.mutation == bindparam("of_mutation"))
    & (ANSWERS.c.key == bindparam("of_key"))
)
ANSWERED, FORGET = light(select(ANSWERS).where(OF_KEY)), light(delete(ANSWERS).where(OF_KEY))
KEEP = light(insert(ANSWERS))


class SqlAnswers:
    """Answers by key, inside one transaction."""

    def __init__(self, session: Session) -> None:
        self._connection = connection_of(session)

    def repeated(self, once: Once, *, at: datetime) -> Ids | None:
        """The ids answered before; None the first time. Raises Conflict, or the refusal answered before."""
        of = {"of_member": once.member_id, "of_mutation": once.mutation, "of_key": once.key}
        row = self._connection.execute(ANSWERED, of).first()
        if row is None:
            return None
        if row.answered_at < at - timedelta(days=KEPT_DAYS):
            self._connection.execute(FORGET, of)
            return None
        if row.input_hash != once.input_hash:
            raise Conflict(
                "This idempotencyKey came with another input before: use a new key.", field=("idempotencyKey",)
            )
        if row.refusal is not None:
            raise refusal_of(row.refusal)
        return row.ids or {}

    def keep(self, once: Once, ids: Ids, *, at: datetime, transaction_id: str) -> None:
        answer = {"ids": ids, "refusal": None, "answered_at": at, "transaction_id": transaction_id}
        self._connection.execute(KEEP, {**asdict(once), **answer})

    def refuse(self, once: Once, refusal: Refused, *, at: datetime) -> None:
        """Of what was undone, so that no transaction is named."""
        answer = {"ids": None, "refusal": stored(refusal), "answered_at": at, "transaction_id": ""}
        self._connection.execute(KEEP, {**asdict(once), **answer})

    def prune(self, *, at: datetime) -> None:
        self._connection.execute(delete(AnswerRow).where(col(AnswerRow.answered_at) < at - timedelta(days=KEPT_DAYS)))


def stored(refusal: Refused) -> dict[str, Any]:
    return {"type": type(refusal).__name__, "message": refusal.message, "field": list(refusal.field)}


def refusal_of(kept: dict[str, Any]) -> Refused:
    kind: type[Refused] = getattr(errors, kept["type"])
    return kind(kept["message"], field=tuple(kept["field"]))
