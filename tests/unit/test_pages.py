"""Relay's four arguments as one slice."""

import pytest

from domain.errors import BadInput
from domain.pages import DEFAULT_SIZE, MAX_SIZE, Slice, slice_of


def test_without_arguments_the_first_rows_are_wanted() -> None:
    assert slice_of(None, None, None, None) == Slice(size=DEFAULT_SIZE)


def test_first_reads_forward_and_last_backward() -> None:
    assert slice_of(5, (1,), None, (9,)) == Slice(size=5, after=(1,), before=(9,))
    assert slice_of(None, None, 5, (9,)) == Slice(size=5, backward=True, before=(9,))


def test_first_and_last_exclude_each_other() -> None:
    with pytest.raises(BadInput, match=r"^Give first or last, not both.$") as refused:
        slice_of(1, None, 1, None)
    assert refused.value.field == ("last",)


@pytest.mark.parametrize("size", [-1, 0, MAX_SIZE + 1])
@pytest.mark.parametrize("name", ["first", "last"])
def test_a_size_out_of_bounds_is_refused_by_name(name: str, size: int) -> None:
    with pytest.raises(BadInput, match=f"^{name} must be between 1 and 100.$") as refused:
        slice_of(size if name == "first" else None, None, size if name == "last" else None, None)
    assert refused.value.field == (name,)


@pytest.mark.parametrize("size", [1, MAX_SIZE])
def test_the_bounds_themselves_are_allowed(size: int) -> None:
    assert slice_of(size, None, None, None).size == size
    assert slice_of(None, None, size, None) == Slice(size=size, backward=True)
