"""Rules of other systems that move the end of voting. Ours never moves once voting has started."""

from datetime import datetime, timedelta


def extended(ends_at: datetime, *, quorum_at: datetime, extension: timedelta) -> datetime:
    """The end of voting once a ballot has reached the quorum: at least `extension` is left to answer it.

    OpenZeppelin's late quorum: asked once, at the first ballot that reaches it.
    """
    return max(ends_at, quorum_at + extension)
