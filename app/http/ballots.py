"""Ballots among options, as JSON."""

from functools import partial
from typing import Any

from pydantic import Field
from strawberry import UNSET

from app.http.bodies import Given, Told, Whole
from domain.option_ballots import MAX_SHARE, OptionBallot
from schema.elections import BallotInput, BallotType, ShareInput

OPTION: dict[str, Any] = {"minimum": 1}
SHARE: dict[str, Any] = {"minimum": 0, "maximum": MAX_SHARE}
"""Said for clients; the rule itself is the domain's."""
LeftOut = partial(Field, default_factory=lambda: UNSET)
"""As GraphQL reads what is not given."""


class ShareGiven(Given):
    """How much of the ballot goes to an option, relative to the other shares."""

    option: Whole = Field(description="Its number, from 1.", json_schema_extra=OPTION)
    share: Whole = Field(description="0 to 1,000,000.", json_schema_extra=SHARE)

    def to_input(self) -> ShareInput:
        return ShareInput(option=self.option, share=self.share)


class BallotGiven(Given, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """Exactly one field, that of the proposal's system; options count from 1."""

    single: Whole = LeftOut(description="SINGLE_CHOICE: the option.", json_schema_extra=OPTION)
    approved: list[Whole] = LeftOut(description="APPROVAL: any number of options; none abstains.")
    ranking: list[Whole] = LeftOut(description="RANKED_*: the best first; what is left out stands last.")
    shares: list[ShareGiven] = LeftOut(description="WEIGHTED and QUADRATIC.")

    def to_input(self) -> BallotInput:
        """As GraphQL reads the same, so that an idempotency key means the same."""
        return BallotInput(
            single=self.single,
            approved=self.approved,
            ranking=self.ranking,
            shares=self.shares if self.shares is UNSET else [each.to_input() for each in self.shares],
        )


class ShareView(Told):
    """How much of a ballot goes to an option, relative to its other shares."""

    option: int = Field(description="Its number, from 1.")
    share: int = Field(description="0 to 1,000,000.")


class BallotView(Told):
    """A ballot among options; the field of the proposal's system is given."""

    single: int | None = Field(description="SINGLE_CHOICE: the option.")
    approved: list[int] | None = Field(description="APPROVAL: the options.")
    ranking: list[int] | None = Field(description="RANKED_*: the best first; what is left out stands last.")
    shares: list[ShareView] | None = Field(description="WEIGHTED and QUADRATIC.")

    @classmethod
    def from_domain(cls, ballot: OptionBallot) -> "BallotView":
        return cls.model_validate(BallotType.from_domain(ballot))
