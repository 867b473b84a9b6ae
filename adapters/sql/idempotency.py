"""What was answered under an idempotency key: ids of what was done, or the refusal."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, delete
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.types import time_field
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


class SqlAnswers:
    """Answers by key, inside one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def repeated(self, once: Once, *, at: datetime) -> Ids | None:
        """The ids answered before; None the first time. Raises Conflict, or the refusal answered before."""
        row = self._session.get(AnswerRow, (once.member_id, once.mutation, once.key))
        if row is None:
            return None
        if row.answered_at < at - timedelta(days=KEPT_DAYS):
            self._session.delete(row)
            self._session.flush()
            return None
        if row.input_hash != once.input_hash:
            raise Conflict(
                "This idempotencyKey came with another input before: use a new key.", field=("idempotencyKey",)
            )
        if row.refusal is not None:
            raise refusal_of(row.refusal)
        return row.ids or {}

    def keep(self, once: Once, *, at: datetime, ids: Ids | None = None, refusal: Refused | None = None) -> None:
        if self._session.get(AnswerRow, (once.member_id, once.mutation, once.key)) is None:
            self._session.add(
                AnswerRow(
                    member_id=once.member_id,
                    mutation=once.mutation,
                    key=once.key,
                    input_hash=once.input_hash,
                    ids=ids,
                    refusal=stored(refusal) if refusal else None,
                    answered_at=at,
                )
            )

    def prune(self, *, at: datetime) -> None:
        self._session.execute(delete(AnswerRow).where(col(AnswerRow.answered_at) < at - timedelta(days=KEPT_DAYS)))


def stored(refusal: Refused) -> dict[str, Any]:
    return {"type": type(refusal).__name__, "message": refusal.message, "field": list(refusal.field)}


def refusal_of(kept: dict[str, Any]) -> Refused:
    kind: type[Refused] = getattr(errors, kept["type"])
    return kind(kept["message"], field=tuple(kept["field"]))
