"""What each field of the hub's filters and orders speaks of here."""

from domain.public import ProposalField, VoteField
from resolvers.snapshot.conditions import Fixed, Meaning, Stored, id_of, number, part_of_a_title, text
from schema.snapshot.scalars import APP, NETWORK, SPACE_ID, STRATEGY
from schema.snapshot.spaces import Space

NO = Fixed(value=False)

PROPOSALS: dict[str, Meaning[ProposalField]] = {
    "id": Stored(ProposalField.ID, id_of("Proposal")),
    "author": Stored(ProposalField.AUTHOR, id_of("Member")),
    "title": Stored(ProposalField.TITLE, part_of_a_title),
    "created": Stored(ProposalField.CREATED, number),
    "start": Stored(ProposalField.START, number),
    "end": Stored(ProposalField.END, number),
    "votes": Stored(ProposalField.VOTES, number),
    "state": Stored(ProposalField.STATE, text),
    "type": Stored(ProposalField.TYPE, text),
    "scores_state": Stored(ProposalField.SCORES_STATE, text),
    "ipfs": Fixed(None),
    "updated": Fixed(None),
    "labels": Fixed(None),
    "space": Fixed(SPACE_ID),
    "network": Fixed(NETWORK),
    "app": Fixed(APP),
    "validation": Fixed("any"),
    "strategies": Fixed(STRATEGY),
    "plugins": Fixed("{}"),
    "flagged": NO,
    "scores_total_value": Fixed(0.0),
    "space_verified": NO,
}
PROPOSAL_ORDERS = {
    field.value: field for field in (ProposalField.CREATED, ProposalField.START, ProposalField.END, ProposalField.VOTES)
}
"""`updated` and `scores_total_value`, by which the hub also orders, are the same in every proposal here."""

VOTES: dict[str, Meaning[VoteField]] = {
    "id": Stored(VoteField.ID, id_of("Vote")),
    "voter": Stored(VoteField.VOTER, id_of("Member")),
    "proposal": Stored(VoteField.PROPOSAL, id_of("Proposal")),
    "reason": Stored(VoteField.REASON, text),
    "created": Stored(VoteField.CREATED, number),
    "vp": Stored(VoteField.VP, number),
    "ipfs": Fixed(None),
    "space": Fixed(SPACE_ID),
    "app": Fixed(APP),
    "vp_state": Fixed("final"),
}
VOTE_ORDERS = {field.value: field for field in (VoteField.CREATED, VoteField.VP)}


def of_space(space: Space, created: int) -> dict[str, Meaning[ProposalField]]:
    """Every field of the one space is known."""
    return {
        "id": Fixed(space.id),
        "created": Fixed(created),
        "strategy": Fixed(STRATEGY),
        "plugin": Fixed(None),
        "controller": Fixed(None),
        "verified": NO,
        "turbo": NO,
        "domain": Fixed(""),
        "search": Fixed(f"{space.id}\n{space.name}"),
    }
