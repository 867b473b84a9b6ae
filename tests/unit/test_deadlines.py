from datetime import UTC, datetime, timedelta

from domain.deadlines import extended

END = datetime(2026, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_late_quorum_leaves_the_whole_extension_to_answer_it() -> None:
    assert extended(END, quorum_at=END - HOUR, extension=3 * HOUR) == END + 2 * HOUR


def test_an_early_quorum_never_shortens_voting() -> None:
    assert extended(END, quorum_at=END - 3 * HOUR, extension=3 * HOUR) == END
    assert extended(END, quorum_at=END - 9 * HOUR, extension=3 * HOUR) == END
