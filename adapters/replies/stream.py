"""A reply's events in Redis: stream and channel `reply:{id}`; seq n stands under the entry id `{n+1}-0`."""

from collections.abc import Iterable

from domain.replies import ReplyEvent, decode

KEPT_SECONDS = 900
MOST_EVENTS = 4096

APPEND = f"""
-- KEYS: streams and channels. ARGV, for each of them: a head 'writer ended first count', and so many events, the first
-- of which has the seq `first`.
-- Answers how many events each stream has; fewer than `first` when some are missing, -1 when another writes.
local answers, at = {{}}, 1
for k, key in ipairs(KEYS) do
  local writer, ended, first, count = string.match(ARGV[at], '^(%S+) (%d) (%d+) (%d+)$')
  first, count = tonumber(first), tonumber(count)
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local have = last and tonumber(string.match(last[1], '^%d+')) or 0
  if have > first and last[2][2] ~= writer then
    have = -1
  elseif have >= first then
    for i = at + 1 + have - first, at + count do
      local id = string.format('%d-0', have + 1)
      redis.call('XADD', key, 'MAXLEN', '~', '{MOST_EVENTS}', id, 'w', writer, 'e', ARGV[i])
      redis.call('PUBLISH', key, string.format('%d:', have) .. ARGV[i])
      have = have + 1
    end
    if first == 0 or ended == '1' then redis.call('EXPIRE', key, {KEPT_SECONDS}) end
  end
  answers[k] = have
  at = at + count + 1
end
return answers
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


def append_arguments(writer: str, *, first: int, events: list[str], ended: bool) -> list[str]:
    """One stream's part of the script's ARGV."""
    return [f"{writer} {ended:d} {first} {len(events)}", *events]
