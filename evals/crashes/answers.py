"""Whether what was acknowledged is found again over the API, whole."""

from collections.abc import AsyncIterator

from app.demo.client import Json
from evals.crashes.members import Member, whole
from evals.crashes.record import Cast, Record, Said, Told

DOCUMENT = "query ($id: ID!) { document(id: $id) { status progress error { code } } }"
MESSAGE = "query ($id: ID!) { node(id: $id) { ... on ChatMessage { content complete } } }"
PROPOSAL = """query ($id: ID!) { proposal(id: $id) { title status
  quorum { participatingWeight eligibleWeight forWeight againstWeight abstainWeight }
  votes(first: 100) { nodes { choice castBy weight member { handle } } } resolution { id receipt } } }"""
VERIFIED = "query ($id: ID!) { verifyResolution(id: $id) { valid mismatches } }"
DELEGATION = "query ($id: ID!) { node(id: $id) { ... on Delegation { from { handle } } } }"
DECIDED = ("PASSED", "FAILED")


async def found_again(record: Record, members: dict[str, Member]) -> AsyncIterator[str]:
    """What is lost or torn."""
    for id, told in record.documents.items():
        for wrong in await documents(members[told.member], id, told):
            yield f"document {id} of {told.member}: {wrong}"
    for id, said in record.messages.items():
        for wrong in await messages(members[said.member], id, said, record):
            yield f"message {id} of {said.member}: {wrong}"
    for id, title in record.proposals.items():
        for wrong in await proposals(next(iter(members.values())), id, title, record):
            yield f"proposal {id} “{title}”: {wrong}"
    for id, giver in record.delegations.items():
        found = (await members[giver].ask(DELEGATION, id=id))["node"]
        if found != {"from": {"handle": giver}}:
            yield f"delegation {id} of {giver} shows as {found}"


async def documents(member: Member, id: str, told: Told) -> list[str]:
    found = (await member.ask(DOCUMENT, id=id))["document"]
    if told.deleted and found is not None:
        return [f"it was deleted and shows as {found}"]
    if found is None:
        return [] if told.unsure else ["it is lost"]
    if found["status"] != told.ends_as or (told.ends_as == "FAILED") != (found["error"] is not None):
        return [f"it should be {told.ends_as} and is {found}"]
    return []


async def messages(member: Member, id: str, said: Said, record: Record) -> list[str]:
    found = (await member.ask(MESSAGE, id=id))["node"]
    if said.session in record.deleted_sessions:
        return [] if found is None else ["its chat was deleted and it is still there"]
    if found is None:
        return [] if said.session in record.unsure_sessions else ["it is lost"]
    if found["content"] != said.text:
        return [f"it says {found['content']!r} instead of {said.text!r}"]
    reply = (await member.ask(MESSAGE, id=said.reply))["node"]
    wrong = whole([event async for event in member.follow(said.reply)])
    return [f"its reply {said.reply}: {reply}, {wrong}"] if wrong or not reply["complete"] else []


async def proposals(member: Member, id: str, title: str, record: Record) -> list[str]:
    found = (await member.ask(PROPOSAL, id=id))["proposal"]
    if id not in record.started:  # a DRAFT shows to its author only
        return [] if found is None or found["title"] == title else [f"it shows as {found}"]
    if found is None or found["title"] != title:
        return [f"it shows as {found}"]
    return [*ballots(found, {who: cast for (on, who), cast in record.ballots.items() if on == id})] + [
        wrong async for wrong in decision(member, found)
    ]


def ballots(proposal: Json, casts: dict[str, Cast]) -> list[str]:
    """Each member's own ballot is the last acknowledged one, or one that was asked for since and not answered."""
    standing = [vote for vote in proposal["votes"]["nodes"] if vote["castBy"] == "MEMBER"]
    own = {vote["member"]["handle"]: vote["choice"] for vote in standing}
    wrong = [f"{who} shows as {choice} and never voted" for who, choice in own.items() if who not in casts]
    for who, cast in casts.items():
        if (cast.acknowledged or who in own) and own.get(who) not in cast.choices:
            wrong.append(f"{who} cast {cast.choices} and shows as {own.get(who)}")
    return wrong


async def decision(member: Member, proposal: Json) -> AsyncIterator[str]:
    """Decided, sealed, and its tally equal to the ballots."""
    quorum, standing = proposal["quorum"], proposal["votes"]["nodes"]
    weights = {choice: sum(vote["weight"] for vote in standing if vote["choice"] == choice)
               for choice in ("FOR", "AGAINST", "ABSTAIN")}  # fmt: skip
    counted = dict(zip(weights, (quorum["forWeight"], quorum["againstWeight"], quorum["abstainWeight"]), strict=True))
    if counted != weights:
        yield f"it counts {counted}, its votes are {weights}"
    if proposal["status"] not in DECIDED or proposal["resolution"] is None:
        yield f"it is {proposal['status']}, resolved by {proposal['resolution']}"
        return
    if proposal["resolution"]["receipt"] is None:
        yield "it has no receipt"
    verified = (await member.ask(VERIFIED, id=proposal["resolution"]["id"]))["verifyResolution"]
    if not verified["valid"] or verified["mismatches"]:
        yield f"its receipt does not hold: {verified['mismatches']}"
