"""A DAO with more than MANY of everything that a list can hold."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from adapters.sql.members import SqlMemberReads
from app.container import Container
from app.settings import Settings
from domain.actions import Action, AdmitMember, EnactPolicy, RepealPolicy, SetRules, SetWeight
from domain.chats import Citation, Sender, SourceKind
from domain.documents import Upload, Visibility
from domain.drafts import Edit
from domain.entities import Mention
from domain.facts import Fact, GraphBatch, GraphEntity
from domain.members import DAO_GROUP, Admission, Claims, Role, Viewer
from domain.memories import MemoryDomain, MemoryKind, NewMemory
from domain.option_ballots import OptionBallot
from domain.rules import EarlyClose, RulesChoice, VotingSystem
from domain.tally import Choice
from domain.transactions import Work
from evals.hall import Hall, hall
from services.delegations import Delegations, Mandate
from services.members import Members, Weighing
from services.topics import Topics
from services.votes import Said

MANY = 30
DECIDES = 3 * MANY
"""A weight that reaches quorum and majority among MANY of weight 1."""
OPEN_LONG = RulesChoice(early_close=EarlyClose.NEVER)
TOPICS = 2 * MANY
"""Scopes, and what documents are tagged with."""
ABOUT = [f"topic:{number}" for number in range(1, TOPICS + 1)]
"""What facts are told of, and derived from."""
AT = datetime(2025, 6, 1, 12, tzinfo=UTC)


async def furnish(own: Settings) -> None:
    async with hall(own.database) as voting:
        ada = await voting.members.login(claims("ada", Role.ADMIN))
        strict = Members(voting.transact, SqlMemberReads(voting.reader), admission=Admission.APPROVE, now=lambda: AT)
        newcomer = (await strict.login(claims("newcomer", Role.MEMBER))).member_id
        others = await voting.seat([1] * MANY)
        topics, given = Topics(voting.transact), Delegations(voting.transact)
        for number, giver in enumerate(others[1:]):
            await given.give(giver, Mandate(others[number].member_id))
        scopes = [
            int((await topics.create(ada, f"Scope {number}", "New.", delegable=True))["topic"] or 0)
            for number in range(MANY)
        ]
        await voting.transact(lambda work: given_and_said(work, ada))
        for number, (author, scope) in enumerate(zip(others, scopes, strict=True)):
            await given.give(ada, Mandate(author.member_id, scope))
            await voting.members.weigh(ada, author.member_id, Weighing(DECIDES), "To decide alone.")
            await tabled(voting, ada, author, scope, number)
            for action in drafted(author.member_id, newcomer):
                await voting.proposals.create(author, Edit(f"Draft {number}", "So?", action=action))
            await voting.members.weigh(ada, author.member_id, Weighing(1), "As all others.")
    async with Container(own) as container:
        await container.graph.record([told()])
        for entry in await container.outbox.claim(limit=10_000, lease_seconds=30):
            if entry.name == "remove_blob":
                await container.outbox.dead(entry, code="INGESTION_ERROR", message="The disk is full.")


async def clear(own: Settings) -> None:
    """The graph is other tests' too."""
    async with Container(own) as container:
        await container.graph.forget(DAO_GROUP, ABOUT)


def told() -> GraphBatch:
    """Of each topic more facts than fit a page."""
    ada = GraphEntity("member:1", "Ada", ("User",))
    facts = [
        Fact(
            id=str(uuid5(NAMESPACE_OID, f"{key}/{number}")),
            group=DAO_GROUP,
            relation="SAID",
            text=f"Ada spoke of {key} {number} times.",
            subject=ada,
            object=GraphEntity(key, key, ("PolicyTopic",)),
            valid_from=AT,
            valid_to=None,
            created_at=AT,
            transaction_id="told",
            source=key,
        )
        for key in ABOUT
        for number in range(3)
    ]
    return GraphBatch(DAO_GROUP, facts=tuple(facts))


def given_and_said(work: Work, ada: Viewer) -> None:
    """Documents with a topic and an entity each, every second one a duplicate, memories, conversations that cite, and
    work to be given up."""
    original: int | None = None
    for number in range(MANY):
        upload = Upload(f"{number}.md", "text/markdown", 9, f"{number:064}", Visibility.DAO)
        document = work.documents.add(ada.member_id, upload, duplicate_of=original, at=work.now())
        original = None if original else document.id
        topics = work.topics.ensure([f"Topic {number}"])
        work.documents.save(replace(document, topic_ids=topics))
        work.documents.save_mentions(document.id, [Mention("Elm", "GPE", 0, 3, "test")])
        [memory_id] = work.memories.add_batch([passage(ada, number)], at=work.now())
        session = work.chats.start(ada.member_id, f"Talk {number}", at=work.now())
        said = work.chats.add(session.id, Sender.MEMBER, "Why?", complete=True, at=work.now())
        reply = work.chats.add(session.id, Sender.TWIN, "", complete=False, at=work.now())
        sources = [
            (SourceKind.MESSAGE, str(said.id)),
            (SourceKind.MEMORY, str(memory_id)),
            (SourceKind.FACT, str(uuid5(NAMESPACE_OID, f"{ABOUT[number]}/0"))),
        ]
        cited = tuple(Citation(kind, id, "Why?", 0.5) for kind, id in sources)
        work.chats.save(replace(reply, content="So.", complete=True, citations=cited), events="[]")
        work.enqueue("remove_blob", f"0/{number}")


def passage(ada: Viewer, number: int) -> NewMemory:
    text = f"I print with nozzle {number}."
    return NewMemory(ada.member_id, ada.groups[0], MemoryDomain.CHAT, MemoryKind.FACT, "chat", text, 0.5)


async def tabled(voting: Hall, ada: Viewer, author: Viewer, scope: int, number: int) -> None:
    """One proposal that enacts a policy and passes, one that runs with options."""
    enacts = Edit(
        f"Enact {number}", "So.", [f"Topic {number}"], scope_id=scope, action=EnactPolicy(f"P{number}", "So.")
    )
    chooses = Edit(
        f"Choose {number}",
        "What?",
        system=VotingSystem.APPROVAL,
        options=("One", "Two"),
        scope_id=scope,
        choice=OPEN_LONG,
    )
    for edit in (enacts, chooses):
        made = int((await voting.proposals.create(author, edit))["proposal"] or 0)
        await voting.proposals.open(author, made)
        await voting.proposals.sponsor(ada, made)
        await voting.proposals.start(author, made)
        said = Said(Choice.FOR) if edit is enacts else Said(options=OptionBallot(approved=(1,)))
        await voting.votes.cast(author, made, said)
        if edit is chooses and number % 2:
            await voting.votes.cast(ada, made, said)


def drafted(member_id: int, newcomer_id: int) -> list[Action]:
    """What else a proposal may do."""
    rules = RulesChoice(quorum_percent=70)
    return [RepealPolicy(1), SetRules(rules), SetWeight(member_id, 2), AdmitMember(newcomer_id, 2)]


def claims(handle: str, role: Role) -> Claims:
    return Claims(f"local|{handle}", handle, role, expires_at=AT)
