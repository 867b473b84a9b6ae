"""Filters in the hub's spelling: a field alone is equality; `_not`, `_in`, `_gt` and so on compare otherwise."""

from enum import StrEnum

import strawberry
from strawberry import UNSET


@strawberry.enum(description="Rising or falling.")
class OrderDirection(StrEnum):
    asc = "asc"
    desc = "desc"


@strawberry.input(description="Which spaces. There is one.")
class SpaceWhere:
    id: str | None = UNSET
    id_in: list[str | None] | None = UNSET
    created: int | None = UNSET
    created_in: list[int | None] | None = UNSET
    created_gt: int | None = UNSET
    created_gte: int | None = UNSET
    created_lt: int | None = UNSET
    created_lte: int | None = UNSET
    strategy: str | None = UNSET
    plugin: str | None = UNSET
    controller: str | None = UNSET
    verified: bool | None = UNSET
    turbo: bool | None = UNSET
    domain: str | None = UNSET
    search: str | None = UNSET


@strawberry.input(description="Which proposals. Times are unix seconds.")
class ProposalWhere:
    id: str | None = UNSET
    id_in: list[str | None] | None = UNSET
    ipfs: str | None = UNSET
    ipfs_in: list[str | None] | None = UNSET
    space: str | None = UNSET
    space_in: list[str | None] | None = UNSET
    author: str | None = UNSET
    author_in: list[str | None] | None = UNSET
    network: str | None = UNSET
    network_in: list[str | None] | None = UNSET
    title_contains: str | None = UNSET
    strategies_contains: str | None = UNSET
    plugins_contains: str | None = UNSET
    validation: str | None = UNSET
    type: str | None = UNSET
    type_in: list[str | None] | None = UNSET
    app: str | None = UNSET
    app_not: str | None = UNSET
    app_in: list[str | None] | None = UNSET
    app_not_in: list[str | None] | None = UNSET
    created: int | None = UNSET
    created_in: list[int | None] | None = UNSET
    created_gt: int | None = UNSET
    created_gte: int | None = UNSET
    created_lt: int | None = UNSET
    created_lte: int | None = UNSET
    updated: int | None = UNSET
    updated_in: list[int | None] | None = UNSET
    updated_gt: int | None = UNSET
    updated_gte: int | None = UNSET
    updated_lt: int | None = UNSET
    updated_lte: int | None = UNSET
    start: int | None = UNSET
    start_in: list[int | None] | None = UNSET
    start_gt: int | None = UNSET
    start_gte: int | None = UNSET
    start_lt: int | None = UNSET
    start_lte: int | None = UNSET
    end: int | None = UNSET
    end_in: list[int | None] | None = UNSET
    end_gt: int | None = UNSET
    end_gte: int | None = UNSET
    end_lt: int | None = UNSET
    end_lte: int | None = UNSET
    scores_state: str | None = UNSET
    scores_state_in: list[str | None] | None = UNSET
    labels_in: list[str | None] | None = UNSET
    state: str | None = UNSET
    space_verified: bool | None = UNSET
    flagged: bool | None = UNSET
    votes: int | None = UNSET
    votes_gt: int | None = UNSET
    votes_gte: int | None = UNSET
    votes_lt: int | None = UNSET
    votes_lte: int | None = UNSET
    scores_total_value: float | None = UNSET
    scores_total_value_in: list[float | None] | None = UNSET
    scores_total_value_gt: float | None = UNSET
    scores_total_value_gte: float | None = UNSET
    scores_total_value_lt: float | None = UNSET
    scores_total_value_lte: float | None = UNSET


@strawberry.input(description="Which votes. Times are unix seconds.")
class VoteWhere:
    id: str | None = UNSET
    id_in: list[str | None] | None = UNSET
    ipfs: str | None = UNSET
    ipfs_in: list[str | None] | None = UNSET
    space: str | None = UNSET
    space_in: list[str | None] | None = UNSET
    voter: str | None = UNSET
    voter_in: list[str | None] | None = UNSET
    proposal: str | None = UNSET
    proposal_in: list[str | None] | None = UNSET
    reason: str | None = UNSET
    reason_not: str | None = UNSET
    reason_in: list[str | None] | None = UNSET
    reason_not_in: list[str | None] | None = UNSET
    app: str | None = UNSET
    app_not: str | None = UNSET
    app_in: list[str | None] | None = UNSET
    app_not_in: list[str | None] | None = UNSET
    created: int | None = UNSET
    created_in: list[int | None] | None = UNSET
    created_gt: int | None = UNSET
    created_gte: int | None = UNSET
    created_lt: int | None = UNSET
    created_lte: int | None = UNSET
    vp: float | None = UNSET
    vp_in: list[float | None] | None = UNSET
    vp_gt: float | None = UNSET
    vp_gte: float | None = UNSET
    vp_lt: float | None = UNSET
    vp_lte: float | None = UNSET
    vp_state: str | None = UNSET
    vp_state_in: list[str | None] | None = UNSET


@strawberry.input(description="Which follows. There are none.")
class FollowWhere:
    id: str | None = UNSET
    id_in: list[str | None] | None = UNSET
    ipfs: str | None = UNSET
    ipfs_in: list[str | None] | None = UNSET
    follower: str | None = UNSET
    follower_in: list[str | None] | None = UNSET
    space: str | None = UNSET
    space_in: list[str | None] | None = UNSET
    network: str | None = UNSET
    network_in: list[str | None] | None = UNSET
    created: int | None = UNSET
    created_in: list[int | None] | None = UNSET
    created_gt: int | None = UNSET
    created_gte: int | None = UNSET
    created_lt: int | None = UNSET
    created_lte: int | None = UNSET
