"""A client of Snapshot's hub, and the queries that its clients send."""

from typing import Any

from tests.api.client import Answer, Api

PATH = "/compat/snapshot/graphql"
PROPOSAL_FIELDS = """
  id ipfs space { id name avatar network admins moderators members symbol labels { id name description color } terms }
  type title body discussion author quorum quorumType start end snapshot choices labels scores scores_total
  scores_state scores_by_strategy state strategies { name params network } validation { name params } created updated
  votes privacy plugins flagged flagCode app link
"""
SPACE_FIELDS = """
  id verified turbo turboExpiration admins members name avatar cover network about website twitter github farcaster
  coingecko symbol activeProposals treasuries { name network address } labels { id name description color }
  delegationPortal { delegationType delegationContract delegationNetwork delegationApi }
  voting { delay period type quorum quorumType privacy hideAbstain } strategies { name params network }
  validation { name params } filters { minScore onlyMembers } proposalsCount proposalsCount1d proposalsCount30d
  votesCount followersCount children { id name } parent { id name } terms private flagged flagCode hibernated domain
  skin skinSettings { bg_color link_color theme logo } guidelines template categories moderators plugins
  boost { enabled bribeEnabled } voteValidation { name params } created
"""
LIST = """query Proposals($first: Int!, $skip: Int!, $where: ProposalWhere, $by: String, $way: OrderDirection) {
  proposals(first: $first, skip: $skip, where: $where, orderBy: $by, orderDirection: $way) { %s }
}"""
VOTES = """query Votes(
  $first: Int!, $skip: Int!, $orderBy: String!, $orderDirection: OrderDirection!, $where: VoteWhere
) {
  votes(first: $first, skip: $skip, where: $where, orderBy: $orderBy, orderDirection: $orderDirection) {
    id ipfs voter space { id } proposal { id title } choice vp vp_by_strategy vp_state reason created app metadata
  }
}"""


class Hub:
    """A client of the hub: POST, no token."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def ask(self, query: str, **variables: object) -> Answer:
        response = self.api.http.post(PATH, json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: Answer = response.json()
        return answer

    def data(self, query: str, **variables: object) -> Any:  # noqa: ANN401  # whatever the query asks for
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    def proposals(self, fields: str = "id", *, first: int = 20, skip: int = 0, **variables: object) -> list[Answer]:
        found: list[Answer] = self.data(LIST % fields, first=first, skip=skip, **variables)
        return found

    def votes(self, by: str = "created", way: str = "desc", *, first: int = 20, **where: object) -> list[Answer]:
        found: list[Answer] = self.data(VOTES, first=first, skip=0, orderBy=by, orderDirection=way, where=where)
        return found
