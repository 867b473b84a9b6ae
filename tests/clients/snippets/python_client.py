from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gql import Client, FileVar, GraphQLRequest, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

PROPOSALS = gql("""query ($first: Int!, $after: String, $filter: ProposalFilter) {
  proposals(first: $first, after: $after, filter: $filter) {
    nodes { id number title status }
    pageInfo { hasNextPage endCursor }
  }
}""")
UPLOAD = gql("""mutation ($input: UploadDocumentInput!) {
  uploadDocument(input: $input) { document { id filename status } userErrors { code message field } }
}""")
QUORUM = gql("subscription ($id: ID!) { quorum(proposalId: $id) { seq participation decided } }")


class Refused(Exception):
    """A refusal that the caller can act on: the userErrors, each with code, field and message."""


class Frontier:
    """`home` such as http://127.0.0.1:8000; a token of `frontier token HANDLE`."""

    def __init__(self, home: str, token: str) -> None:
        bearer = f"Bearer {token}"
        # GraphQL-Require-Preflight is needed for uploads only, and harms nobody.
        headers = {"Authorization": bearer, "GraphQL-Require-Preflight": "true"}
        self._http = HTTPXAsyncTransport(f"{home}/graphql", headers=headers)
        self._socket = WebsocketsTransport(
            f"ws{home.removeprefix('http')}/graphql",
            init_payload={"authorization": bearer},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )

    async def proposals(self, **filter: object) -> AsyncIterator[dict[str, Any]]:
        """All of them, page by page."""
        after = None
        async with Client(transport=self._http) as session:
            while True:
                variables = {"first": 100, "after": after, "filter": filter}
                query = GraphQLRequest(PROPOSALS, variable_values=variables)
                page = (await session.execute(query))["proposals"]
                for node in page["nodes"]:
                    yield node
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    return

    async def upload(self, path: Path) -> dict[str, Any]:
        """Raises Refused."""
        query = GraphQLRequest(UPLOAD, variable_values={"input": {"file": FileVar(str(path), filename=path.name)}})
        async with Client(transport=self._http) as session:
            payload = (await session.execute(query, upload_files=True))["uploadDocument"]
        if payload["userErrors"]:
            raise Refused(payload["userErrors"])
        document: dict[str, Any] = payload["document"]
        return document

    async def quorum(self, proposal_id: str) -> AsyncIterator[dict[str, Any]]:
        """How it stands now, then each newer state."""
        query = GraphQLRequest(QUORUM, variable_values={"id": proposal_id})
        async with Client(transport=self._socket) as session:
            async for event in session.subscribe(query):
                yield event["quorum"]
