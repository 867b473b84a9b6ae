"""What passed proposals do. Everything is looked at again when it runs: the DAO may have changed since the draft."""

from dataclasses import replace
from datetime import datetime

from domain.actions import (
    Action,
    AdmitMember,
    EnactPolicy,
    NotApplicable,
    RepealPolicy,
    SetRules,
    SetWeight,
    summary,
)
from domain.audits import Act, Subject
from domain.drafts import MAX_BODY, MAX_TITLE
from domain.errors import Conflict, NotFound, Refused
from domain.events import DaoChanged, MemberWeighed, PolicyChanged
from domain.inputs import given_text
from domain.members import Member
from domain.policies import Policy
from domain.proposals import Proposal
from domain.rules import amended
from domain.transactions import Work
from domain.weights import check_total, checked_weight


def check(work: Work, action: Action | None, *, at: datetime) -> None:
    """Whether it could run now. Raises BadInput, NotFound, Conflict, naming the field."""
    match action:
        case EnactPolicy(title=title, body=body, replaces_id=replaces_id):
            given_text(title, MAX_TITLE, "action", "enactPolicy", "title")
            given_text(body, MAX_BODY, "action", "enactPolicy", "body")
            if replaces_id is not None:
                _in_force(work, replaces_id, "enactPolicy", "replaces", at=at)
        case RepealPolicy(policy_id=policy_id):
            _in_force(work, policy_id, "repealPolicy", at=at)
        case SetRules(choice=choice):
            amended(work.daos.current().rules, choice, "action", "setRules")
        case SetWeight(member_id=member_id, weight=weight):
            checked_weight(weight, "action", "setWeight", "weight")
            if not _member(work, member_id, "setWeight").admitted:
                raise Conflict("That member is not admitted: use admitMember.", field=("action", "setWeight"))
        case AdmitMember(member_id=member_id, weight=weight):
            checked_weight(weight, "action", "admitMember", "weight")
            if _member(work, member_id, "admitMember").admitted:
                raise Conflict("That member is admitted already.", field=("action", "admitMember", "memberId"))


def run(work: Work, proposal: Proposal, *, at: datetime) -> None:
    """Do what the passed proposal says, in its resolving transaction. Raises NotApplicable, with nothing done."""
    action = proposal.draft.action
    if action is None:
        return
    try:
        work.daos.locked()
        check(work, action, at=at)
        match action:
            case EnactPolicy():
                _enact(work, proposal, action, at)
            case RepealPolicy(policy_id=policy_id):
                _close(work, _in_force(work, policy_id, "repealPolicy", at=at), at)
            case SetRules(choice=choice):
                dao = work.daos.current()
                work.daos.save(replace(dao, rules=amended(dao.rules, choice)))
                work.emit(DaoChanged(dao.id))
            case SetWeight(member_id=member_id, weight=weight) | AdmitMember(member_id=member_id, weight=weight):
                _weigh(work, member_id, weight)
    except Refused as refusal:
        raise NotApplicable(refusal.message) from refusal
    reason = f"Proposal {proposal.number} passed: {summary(action)}."
    work.audits.note(Act.ACTION_RUN, by=None, reason=reason, at=at, subject=Subject("Proposal", proposal.id))


def _enact(work: Work, proposal: Proposal, action: EnactPolicy, at: datetime) -> None:
    replaced = None
    if action.replaces_id is not None:
        replaced = _in_force(work, action.replaces_id, "enactPolicy", "replaces", at=at)
        _close(work, replaced, at)
    topic_ids = tuple(dict.fromkeys((*proposal.topic_ids, *filter(None, [proposal.draft.scope_id]))))
    policy = work.policies.enact(
        Policy(
            id=0,
            title=action.title,
            body=action.body,
            version=replaced.version + 1 if replaced else 1,
            in_force_from=at,
            in_force_to=None,
            enacted_by_id=proposal.id,
            replaces_id=action.replaces_id,
            topic_ids=topic_ids,
            transaction_id=work.transaction_id,
        )
    )
    work.emit(PolicyChanged(policy.id))


def _close(work: Work, policy: Policy, at: datetime) -> None:
    work.policies.close(policy, at=at)
    work.emit(PolicyChanged(policy.id))


def _weigh(work: Work, member_id: int, weight: int) -> None:
    """Admitted, if it was not."""
    member = work.members.by_id(member_id)
    after = member.weighed(work.daos.current().formula, admitted=True, fixed_weight=weight)
    check_total(work.members.total_weight() - member.weight + after.weight)
    work.members.save(after)
    work.emit(MemberWeighed(member_id))


def _in_force(work: Work, policy_id: int, *where: str, at: datetime) -> Policy:
    policy = work.policies.locked(policy_id)
    if policy is None or not policy.in_force(at=at):
        raise Conflict("That policy is not in force: name one that is.", field=("action", *where))
    return policy


def _member(work: Work, member_id: int, *where: str) -> Member:
    try:
        return work.members.by_id(member_id)
    except NotFound:
        raise NotFound("There is no such member.", field=("action", *where, "memberId")) from None
