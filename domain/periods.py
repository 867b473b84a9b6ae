"""Stretches of time, and those that a question names in words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), in UTC; None is open."""

    start: datetime | None
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)


MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "twelve": 12}
DAYS = {"day": 1, "week": 7}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = (
    r"(?:19|20)\d\d(?!\d|\s*[€%$£]|\s*(?:euros?|eur|dollars?|percent|members|people|grams?|litres?|k?wh|k?m|pieces"
    r"|hours|minutes|words)\b)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:{_YEAR}-\d\d-\d\d|(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}\b(?:,?\s+{_YEAR})?"
    rf"|{_MONTH}\s+{_DAY}\b(?:,?\s+{_YEAR})?|{_MONTH}\b(?:,?\s+{_YEAR})?|(?:q[1-4]|the\s+(?:first|second|third|fourth)\s+quarter)\b"
    rf"(?:\s+(?:of\s+)?{_YEAR})?|{_YEAR}\b|(?:last|this)\s+(?:week|month|year|quarter)|yesterday|today"
    rf"|(?:last|on|this)?\s*(?:{'|'.join(WEEKDAYS)})\b)"
)
_COUNT = rf"(\d+|{'|'.join(COUNTS)})"


def period_in(question: str, now: datetime) -> Window | None:
    """The stretch of time that a question names; None when it names none.

    A month or date without a year is its latest one that has begun by `now`; weeks start on Monday; all in UTC.
    """
    text = " ".join(question.casefold().split())
    now = now.astimezone(UTC)
    for pattern, read in _READERS:
        for found in pattern.finditer(text):
            window = read(found, now)
            if window is not None:
                return window
    return None


def _between(found: re.Match[str], now: datetime) -> Window | None:
    """From the start of the first to the end of the second."""
    last = _named(found[2], now)
    first = _named(found[1], now)
    if first is None or last is None or first.start is None or last.end is None:
        return None
    if first.start >= last.end and not re.search(_YEAR, found[1]):
        first = _named(found[1], last.end - timedelta(microseconds=1)) or first
    return Window(first.start, last.end)


def _since(found: re.Match[str], now: datetime) -> Window | None:
    window = _named(found[2], now)
    if window is None:
        return None
    return Window(window.end if found[1] == "after" else window.start, None)


def _before(found: re.Match[str], now: datetime) -> Window | None:
    window = _named(found[2], now)
    if window is None:
        return None
    return Window(None, window.start if found[1] == "before" else window.end)


def _recent(found: re.Match[str], now: datetime) -> Window | None:
    count = COUNTS.get(found[1] or "a") or int(found[1])
    if found[2] in ("month", "year"):
        return Window(_months_before(now, count * (12 if found[2] == "year" else 1)), None)
    return Window(now - timedelta(days=min(count, 100_000) * DAYS[found[2]]), None)


def _ago(found: re.Match[str], now: datetime) -> Window | None:
    """The day, week, month or year that many before the present one."""
    count = COUNTS.get(found[1]) or int(found[1])
    today = _midnight(now)
    match found[2]:
        case "day":
            return _days(today - timedelta(days=count), 1)
        case "week":
            return _days(today - timedelta(days=today.weekday() + 7 * count), 7)
        case "month":
            return _month_window(_months_before(today.replace(day=1), count))
        case _:
            return _year_window(now.year - count)


def _within(found: re.Match[str], now: datetime) -> Window | None:
    return _named(found[1], now)


def _unmarked(found: re.Match[str], now: datetime) -> Window | None:
    """A date without a preposition; a bare "may" or "march" may be a verb, a bare year a number."""
    return None if found[0] in ("may", "march", "mar") or found[0].isdigit() else _named(found[0], now)


def _named(text: str, now: datetime) -> Window | None:
    """The stretch that one date expression names."""
    text = text.removeprefix("on ").removeprefix("the ").strip()
    for read in (_relative, _weekday, _iso_day, _quarter, _month_or_day):
        window = read(text, now)
        if window is not None:
            return window
    return _year_window(int(text)) if re.fullmatch(_YEAR, text) else None


def _relative(text: str, now: datetime) -> Window | None:
    today = _midnight(now)
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    windows: dict[str, Callable[[], Window]] = {
        "today": lambda: _days(today, 1),
        "yesterday": lambda: _days(today - timedelta(days=1), 1),
        "this week": lambda: _days(monday, 7),
        "last week": lambda: _days(monday - timedelta(days=7), 7),
        "this month": lambda: _month_window(first),
        "last month": lambda: _month_window(_months_before(first, 1)),
        "this quarter": lambda: Window(quarter, _months_before(quarter, -3)),
        "last quarter": lambda: Window(_months_before(quarter, 3), quarter),
        "this year": lambda: _year_window(now.year),
        "last year": lambda: _year_window(now.year - 1),
    }
    return windows[text]() if text in windows else None


def _weekday(text: str, now: datetime) -> Window | None:
    """The latest one: today counts, unless it says "last"."""
    name = text.split()[-1] if text else ""
    if name not in WEEKDAYS:
        return None
    back = (now.weekday() - WEEKDAYS.index(name)) % 7
    return _days(_midnight(now) - timedelta(days=back or (7 if "last" in text else 0)), 1)


def _iso_day(text: str, now: datetime) -> Window | None:
    if not re.fullmatch(rf"{_YEAR}-\d\d-\d\d", text):
        return None
    year, month, day = (int(part) for part in text.split("-"))
    start = _date(year, month, day)
    return _days(start, 1) if start else None


def _quarter(text: str, now: datetime) -> Window | None:
    found = re.match(rf"(?:q([1-4])|(first|second|third|fourth) quarter)(?:.*?({_YEAR}))?$", text)
    if found is None:
        return None
    number = int(found[1] or ("first", "second", "third", "fourth").index(found[2]) + 1)
    year = int(found[3] or now.year)
    start = datetime(year, number * 3 - 2, 1, tzinfo=UTC)
    if found[3] is None and start > now:
        start = start.replace(year=year - 1)
    return Window(start, _months_before(start, -3))


def _month_or_day(text: str, now: datetime) -> Window | None:
    """A month, or a day of one, in its named year or the latest that has begun."""
    found = re.search(_MONTH, text)
    if found is None:
        return None
    month = next(number for number, name in enumerate(MONTHS, 1) if name.startswith(found[0][:3]))
    year, day = re.search(_YEAR, text), re.search(r"\b\d{1,2}(?!\d)", text)
    years = [int(year[0])] if year else range(now.year, now.year - 9, -1)  # a 29 February can be eight years back
    starts = (_date(each, month, int(day[0]) if day else 1) for each in years)
    start = next((each for each in starts if each and (year or each <= now)), None)
    if start is None:
        return None
    return _days(start, 1) if day else _month_window(start)


def _date(year: int, month: int, day: int) -> datetime | None:
    """Midnight of a day; None when the calendar has no such day."""
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(start: datetime, count: int) -> Window:
    return Window(start, start + timedelta(days=count))


def _month_window(first: datetime) -> Window:
    return Window(first, _months_before(first, -1))


def _year_window(year: int) -> Window:
    return Window(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))


def _months_before(moment: datetime, count: int) -> datetime:
    """The same day `count` months earlier, or that month's last day; not before the year 1."""
    months = max(moment.year * 12 + moment.month - 1 - count, 12)
    year, month = divmod(months, 12)
    day = next(day for day in range(moment.day, 0, -1) if _date(year, month + 1, day))
    return moment.replace(year=year, month=month + 1, day=day)


_READERS = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"\b(?:between|from)\s+({_DATE})\s+(?:and|to|until|till)\s+({_DATE})", _between),
        (rf"\b(since|after)\s+({_DATE})", _since),
        (rf"\b(before|until|till|up to)\s+({_DATE})", _before),
        (rf"\b(?:last|past)\s+{_COUNT}\s+(day|week|month|year)s?\b", _recent),
        (rf"\b{_COUNT}\s+(day|week|month|year)s?\s+ago\b", _ago),
        (rf"\b(?:in|on|during|of|throughout|for|by|at|within|last)\s+({_DATE})", _within),
        (_DATE, _unmarked),
    )
)
