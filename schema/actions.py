"""What a passed BASIC proposal does."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import actions
from domain.actions import Action
from domain.errors import BadInput
from domain.rules import camel
from schema.context import Info
from schema.fields import field
from schema.ids import row_id
from schema.inputs import given
from schema.nodes import present
from schema.policies import PolicyType
from schema.rules import VotingRulesInput, VotingRulesType

if TYPE_CHECKING:
    from schema.members import MemberType


@strawberry.type(description="A new policy, or the next version of the one that it replaces.")
class EnactPolicy:
    action: strawberry.Private[actions.EnactPolicy]
    title: str = strawberry.field(description="Of the policy.")
    body: str = strawberry.field(description="Of the policy.")

    @field("The version that it supersedes.")
    async def replaces(self, info: Info) -> PolicyType | None:
        key = self.action.replaces_id
        return None if key is None else await info.context.loaders.policies.load(key)


@strawberry.type(description="A policy is no longer in force.")
class RepealPolicy:
    action: strawberry.Private[actions.RepealPolicy]

    @field("The one that ends.")
    async def policy(self, info: Info) -> PolicyType:
        return await present(info.context.loaders.policies.load(self.action.policy_id))


@strawberry.type(
    description="Other rules of the DAO. `changed`: the fields that this sets; the rest stays as it is when it runs."
)
class SetRules:
    action: strawberry.Private[actions.SetRules]

    @field("The DAO's rules of now with the changes.")
    async def rules(self, info: Info) -> VotingRulesType:
        rules = await info.context.loaders.rules.load(None)
        return VotingRulesType.from_domain(self.action.choice.over(rules))

    @field("The fields that it sets.")
    def changed(self) -> list[str]:
        return [camel(name) for name in self.action.choice.given]


@strawberry.type(description="Another weight of a member.")
class SetWeight:
    action: strawberry.Private[actions.SetWeight]
    weight: int = strawberry.field(description="0 to 1,000,000.")

    @field("Whose.")
    async def member(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.action.member_id))


@strawberry.type(description="A newcomer is admitted.")
class AdmitMember:
    action: strawberry.Private[actions.AdmitMember]
    weight: int = strawberry.field(description="0 to 1,000,000.")

    @field("Who.")
    async def member(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.action.member_id))


ProposalAction = Annotated[
    EnactPolicy | RepealPolicy | SetRules | SetWeight | AdmitMember,
    strawberry.union(
        "ProposalAction", description="What a passed BASIC proposal does, in the transaction that resolves it."
    ),
]


def action_type(action: Action) -> EnactPolicy | RepealPolicy | SetRules | SetWeight | AdmitMember:
    match action:
        case actions.EnactPolicy():
            return EnactPolicy(action=action, title=action.title, body=action.body)
        case actions.RepealPolicy():
            return RepealPolicy(action=action)
        case actions.SetRules():
            return SetRules(action=action)
        case actions.SetWeight():
            return SetWeight(action=action, weight=action.weight)
        case actions.AdmitMember():
            return AdmitMember(action=action, weight=action.weight)


@strawberry.input(description="A policy to enact.")
class EnactPolicyInput:
    title: str = strawberry.field(description="1 to 200 characters.")
    body: str = strawberry.field(description="1 to 50,000 characters of Markdown.")
    replaces: strawberry.ID | None = strawberry.field(
        description="The Policy in force that it supersedes.", default=None
    )


@strawberry.input(description="A member and a weight.")
class MemberWeightInput:
    member_id: strawberry.ID = strawberry.field(description="Of a Member.")
    weight: int = strawberry.field(description="0 to 1,000,000.")


@strawberry.input(one_of=True, description="Exactly one.")
class ActionInput:
    enact_policy: EnactPolicyInput | None = strawberry.field(
        description="Enact a policy, or amend one.", default=strawberry.UNSET
    )
    repeal_policy: strawberry.ID | None = strawberry.field(
        description="The Policy in force to end.", default=strawberry.UNSET
    )
    set_rules: VotingRulesInput | None = strawberry.field(
        description="Rules of the DAO to set; what is left out stays.", default=strawberry.UNSET
    )
    set_weight: MemberWeightInput | None = strawberry.field(
        description="Another weight of an admitted member.", default=strawberry.UNSET
    )
    admit_member: MemberWeightInput | None = strawberry.field(
        description="A newcomer to admit.", default=strawberry.UNSET
    )

    @staticmethod
    def domain_of(action: "ActionInput | None") -> Action | None:
        """Raises BadInput."""
        if action is None:
            return None
        if policy := given(action.enact_policy):
            where = ("action", "enactPolicy", "replaces")
            replaces = None if policy.replaces is None else row_id("Policy", policy.replaces, *where)
            return actions.EnactPolicy(policy.title.strip(), policy.body.strip(), replaces)
        if repeal := given(action.repeal_policy):
            return actions.RepealPolicy(row_id("Policy", repeal, "action", "repealPolicy"))
        if choice := VotingRulesInput.domain_of(given(action.set_rules)):
            return actions.SetRules(choice)
        if weighed := given(action.set_weight):
            return actions.SetWeight(
                row_id("Member", weighed.member_id, "action", "setWeight", "memberId"), weighed.weight
            )
        if admitted := given(action.admit_member):
            member_id = row_id("Member", admitted.member_id, "action", "admitMember", "memberId")
            return actions.AdmitMember(member_id, admitted.weight)
        raise BadInput("Give exactly one action.", field=("action",))
