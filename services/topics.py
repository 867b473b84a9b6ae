"""Topics that an ADMIN makes: scopes in which members may delegate."""

from dataclasses import replace

from domain.audits import Act, Subject, given_reason
from domain.drafts import MAX_TOPIC
from domain.errors import BadInput, Forbidden
from domain.inputs import given_text
from domain.members import Role, Viewer
from domain.topics import topic_key
from domain.transactions import Ids, Once, Transact, Work


class Topics:
    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def create(
        self, viewer: Viewer, title: str, reason: str, *, delegable: bool, once: Once | None = None
    ) -> Ids:
        """A topic, or the one of that title, with `delegable` as given. Raises Forbidden, BadInput."""

        def command(work: Work) -> Ids:
            if viewer.role is not Role.ADMIN:
                raise Forbidden("Only an ADMIN makes topics.")
            wanted = " ".join(given_text(title, MAX_TOPIC, "title").split())
            if not topic_key(wanted):
                raise BadInput("Give title with at least one letter or digit.", field=("title",))
            said = given_reason(reason)
            (topic_id,) = work.topics.ensure([wanted])
            topic = work.topics.by_id(topic_id)
            if topic is not None and topic.delegable is not delegable:
                work.topics.save(replace(topic, delegable=delegable))
            subject = Subject("PolicyTopic", topic_id)
            work.audits.note(Act.TOPIC_CREATED, by=viewer.member_id, reason=said, at=work.now(), subject=subject)
            return {"topic": topic_id}

        return await self._transact.once(once, command)
