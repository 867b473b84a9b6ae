"""A reply's events in Redis: stream and channel `reply:{id}`; seq n stands under the entry id `{n+1}-0`."""

from collections.abc import Iterable

from domain.replies import ReplyEvent, decode

KEPT_SECONDS = 900
MOST_EVENTS = 4096

APPEND = f"""
-- KEYS: stream and channel. ARGV: writer, whether it ends, seq of the first event, events.
-- Answers how many events the stream has; fewer than the first's seq when some are missing, -1 when another writes.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local have = last and tonumber(string.match(last[1], '^%d+')) or 0
local first = tonumber(ARGV[3])
if have < first then return have end
if have > first and last[2][2] ~= ARGV[1] then return -1 end
for i = 4 + have - first, #ARGV do
  local id = string.format('%d-0', have + 1)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', '{MOST_EVENTS}', id, 'w', ARGV[1], 'e', ARGV[i])
  redis.call('PUBLISH', KEYS[1], string.format('%d:', have) .. ARGV[i])
  have = have + 1
end
if first == 0 or ARGV[2] == '1' then redis.call('EXPIRE', KEYS[1], {KEPT_SECONDS}) end
return have
"""
"""Atomic, so that what a fenced writer sent is neither kept nor published, and sending again changes nothing."""


def stream_key(reply_id: int) -> str:
    return f"reply:{reply_id}"


def stop_key(reply_id: int) -> str:
    return f"reply:{reply_id}:stop"


def entry_id(seq: int) -> str:
    return f"{seq + 1}-0"


def events_from(start: int, entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[ReplyEvent]:
    """The events from seq `start` on, as far as none is missing."""
    events: list[ReplyEvent] = []
    for entry, fields in entries:
        if int(entry.split(b"-")[0]) - 1 != start + len(events):
            break
        events.append(decode(fields[b"e"]))
    return events


def append_arguments(reply_id: int, writer: str, *, first: int, events: list[str], ended: bool) -> list[str]:
    """The script's key and arguments."""
    return [stream_key(reply_id), writer, str(int(ended)), str(first), *events]
