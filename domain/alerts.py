"""Telling whoever runs the house that something needs a look."""

from typing import Literal, Protocol

type AlertCode = Literal["INGESTION_ERROR", "RETRIEVAL_ERROR", "LLM_ERROR", "VOTE_ERROR", "SYNC_ERROR", "NER_ERROR"]


class Alerts(Protocol):
    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        """`subject` names a noun and its id, `proposal:12`; `message` says what and what to do, never anybody's text.

        Neither blocks nor raises.
        """


class Unheard:
    """Nobody listens: for commands of one process alone."""

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None: ...
