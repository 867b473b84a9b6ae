"""Events of a reply as JSON, and tokens merged."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.replies.writer import merged
from domain.chats import Citation, SourceKind
from domain.replies import (
    ReplyContext,
    ReplyDone,
    ReplyEvent,
    ReplyFailed,
    ReplyToken,
    Sequenced,
    decode,
    dump,
    encode,
    load,
)

citations = st.builds(Citation, st.sampled_from(SourceKind), st.text(), st.text(), st.floats(0, 1))
events = st.one_of(
    st.builds(ReplyToken, st.text()),
    st.builds(ReplyContext, st.lists(citations, max_size=3).map(tuple), st.booleans()),
    st.just(ReplyDone()),
    st.builds(ReplyFailed, st.text(), st.text(), st.booleans()),
)


@given(events)
def test_an_event_survives_its_json(event: ReplyEvent) -> None:
    assert decode(encode(event)) == event


@given(st.lists(events))
def test_a_list_survives_its_json(events: list[ReplyEvent]) -> None:
    whole = [Sequenced(seq, event) for seq, event in enumerate(events)]
    assert load(dump(whole)) == whole


def test_a_list_with_a_hole_is_not_stored() -> None:
    with pytest.raises(ValueError, match="whole"):
        dump([Sequenced(0, ReplyToken("a")), Sequenced(2, ReplyDone())])


def test_half_a_surrogate_pair_is_carried() -> None:
    assert decode(encode(ReplyToken("\ud83d")).encode()) == ReplyToken("\ud83d")


@given(st.lists(events))
def test_merging_keeps_text_and_order(events: list[ReplyEvent]) -> None:
    after = merged(events)
    assert [e for e in after if not isinstance(e, ReplyToken)] == [e for e in events if not isinstance(e, ReplyToken)]
    assert "".join(e.text for e in after if isinstance(e, ReplyToken)) == "".join(
        e.text for e in events if isinstance(e, ReplyToken)
    )
    assert not any(isinstance(a, ReplyToken) and isinstance(b, ReplyToken) for a, b in pairwise(after))
