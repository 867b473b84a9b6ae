"""What a draft is made of, and changes of it."""

from datetime import datetime

import strawberry

from domain.drafts import Edit
from domain.rules import VotingSystem
from schema.actions import ActionInput
from schema.commands import CommandInput
from schema.ids import row_id
from schema.inputs import cleared, given
from schema.rules import VotingRulesInput


@strawberry.input(description="A new DRAFT.")
class CreateProposalInput(CommandInput):
    title: str = strawberry.field(description="1 to 200 characters.")
    body: str = strawberry.field(description="1 to 50,000 characters of Markdown.")
    topics: list[str] | None = strawberry.field(
        description="At most five titles of 1 to 80 characters, tags without effect on votes.", default=None
    )
    rules: VotingRulesInput | None = strawberry.field(description="Null: the DAO's rules.", default=None)
    system: VotingSystem | None = strawberry.field(description="How ballots are counted.", default=VotingSystem.BASIC)
    options: list[str] | None = strawberry.field(
        description="2 to 50 titles of 1 to 200 characters; none for BASIC.", default=None
    )
    scope: strawberry.ID | None = strawberry.field(description="A delegable PolicyTopic; fixed at OPEN.", default=None)
    action: ActionInput | None = strawberry.field(description="What it does when it passes; BASIC only.", default=None)
    start_at: datetime | None = strawberry.field(
        description="When voting starts by itself, once it is open, discussed and sponsored.", default=None
    )
    discussion_url: str | None = strawberry.field(description="Where it is talked about.", default=None)

    def edit(self) -> Edit:
        """Raises BadInput."""
        return Edit(
            title=self.title,
            body=self.body,
            topics=self.topics or (),
            choice=VotingRulesInput.domain_of(self.rules),
            system=self.system,
            options=self.options or (),
            scope_id=None if self.scope is None else row_id("PolicyTopic", self.scope, "scope"),
            action=ActionInput.domain_of(self.action),
            start_at=self.start_at,
            discussion_url=self.discussion_url,
        )


@strawberry.input(description="Changes of a draft; what is left out stays.")
class UpdateProposalInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A DRAFT of the viewer's.")
    title: str | None = strawberry.field(description="1 to 200 characters.", default=None)
    body: str | None = strawberry.field(description="1 to 50,000 characters of Markdown.", default=None)
    topics: list[str] | None = strawberry.field(
        description="At most five titles, in place of those before.", default=None
    )
    rules: VotingRulesInput | None = strawberry.field(
        description="What is given takes the place of what the draft chose.", default=None
    )
    system: VotingSystem | None = strawberry.field(description="How ballots are counted.", default=None)
    options: list[str] | None = strawberry.field(description="In place of those before.", default=None)
    scope: strawberry.ID | None = strawberry.field(
        description="A delegable PolicyTopic; null takes it away.", default=strawberry.UNSET
    )
    action: ActionInput | None = strawberry.field(description="Null takes it away.", default=strawberry.UNSET)
    start_at: datetime | None = strawberry.field(description="Null takes it away.", default=strawberry.UNSET)
    discussion_url: str | None = strawberry.field(description="Null takes it away.", default=strawberry.UNSET)

    def edit(self) -> Edit:
        """Raises BadInput."""
        scope = given(self.scope)
        return Edit(
            title=self.title,
            body=self.body,
            topics=self.topics,
            choice=VotingRulesInput.domain_of(self.rules),
            system=self.system,
            options=self.options,
            scope_id=None if scope is None else row_id("PolicyTopic", scope, "scope"),
            action=ActionInput.domain_of(given(self.action)),
            start_at=given(self.start_at),
            discussion_url=given(self.discussion_url),
            cleared=cleared(
                scope_id=self.scope,
                action=self.action,
                start_at=self.start_at,
                discussion_url=self.discussion_url,
            ),
        )
