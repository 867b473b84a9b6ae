"""Ballots among options, and how the options stand."""

import strawberry

from domain.elections import Election
from domain.option_ballots import OptionBallot
from schema.inputs import given


@strawberry.type(description="How one option stands.")
class OptionResult:
    option: int = strawberry.field(description="Its number, from 1.")
    title: str = strawberry.field(description="As the proposal lists it.")
    score: float = strawberry.field(
        description="SINGLE_CHOICE and APPROVAL: the weight for it; WEIGHTED: its part of the weight; QUADRATIC: its "
        "part of all weight by the sum of roots; RANKED_SCHULZE: how many options it beats; RANKED_INSTANT_RUNOFF: its "
        "weight in the last round that it was in."
    )
    rank: int = strawberry.field(description="From 1; those tied for the first place all have 1.")

    @staticmethod
    def all_of(election: Election, titles: tuple[str, ...]) -> "list[OptionResult]":
        return [
            OptionResult(option=each.option, title=title, score=each.shown, rank=each.rank)
            for each, title in zip(election.standings, titles, strict=True)
        ]


@strawberry.type(description="How much of a ballot goes to an option, relative to its other shares.")
class Share:
    option: int = strawberry.field(description="Its number, from 1.")
    share: int = strawberry.field(description="0 to 1,000,000.")


@strawberry.type(name="Ballot", description="A ballot among options; the field of the proposal's system is given.")
class BallotType:
    single: int | None = strawberry.field(description="SINGLE_CHOICE: the option.")
    approved: list[int] | None = strawberry.field(description="APPROVAL: the options.")
    ranking: list[int] | None = strawberry.field(description="RANKED_*: the best first; what is left out stands last.")
    shares: list[Share] | None = strawberry.field(description="WEIGHTED and QUADRATIC.")

    @staticmethod
    def from_domain(ballot: OptionBallot) -> "BallotType":
        shares = (
            None if ballot.shares is None else [Share(option=option, share=share) for option, share in ballot.shares]
        )
        return BallotType(
            single=ballot.single,
            approved=None if ballot.approved is None else list(ballot.approved),
            ranking=None if ballot.ranking is None else list(ballot.ranking),
            shares=shares,
        )


@strawberry.input(description="How much of the ballot goes to an option, relative to the other shares.")
class ShareInput:
    option: int = strawberry.field(description="Its number, from 1.")
    share: int = strawberry.field(description="0 to 1,000,000.")


@strawberry.input(
    one_of=True,
    description="Exactly one field; options count from 1; `ranking` lists the best first; shares are relative.",
)
class BallotInput:
    single: int | None = strawberry.field(description="SINGLE_CHOICE: the option.", default=strawberry.UNSET)
    approved: list[int] | None = strawberry.field(
        description="APPROVAL: any number of options; none abstains.", default=strawberry.UNSET
    )
    ranking: list[int] | None = strawberry.field(
        description="RANKED_*: the best first; what is left out stands last.", default=strawberry.UNSET
    )
    shares: list[ShareInput] | None = strawberry.field(description="WEIGHTED and QUADRATIC.", default=strawberry.UNSET)

    @staticmethod
    def domain_of(ballot: "BallotInput | None") -> OptionBallot | None:
        if ballot is None:
            return None
        approved, ranking, shares = given(ballot.approved), given(ballot.ranking), given(ballot.shares)
        return OptionBallot(
            single=given(ballot.single),
            approved=None if approved is None else tuple(approved),
            ranking=None if ranking is None else tuple(ranking),
            shares=None if shares is None else tuple((share.option, share.share) for share in shares),
        )
