"""What an error becomes: a code for programs, words for people, and nothing that is nobody's business."""

import logging

import pytest
from graphql import GraphQLError

from app.http.errors import STATUS, error_response
from domain.errors import DomainError, ModelFailed, NotFound, Refused, Unauthenticated, VotingClosed
from resolvers.errors import Refusals, tell
from schema.context import Context
from schema.errors import ErrorCode


def family(error: type[DomainError]) -> list[type[DomainError]]:
    return [error, *(each for child in error.__subclasses__() for each in family(child))]


class NoHouse(Context):
    """A context that only forgets."""

    def __init__(self) -> None:
        self._loaders = None


def test_every_domain_error_has_a_code_of_the_contract() -> None:
    assert {error.code for error in family(DomainError)} <= set(ErrorCode)


def test_a_refusal_becomes_a_user_error_with_its_path() -> None:
    with Refusals(NoHouse(), "input") as refused:
        raise NotFound("There is no such thing.", field=("thingId",))
    assert [(each.code, each.message, each.field) for each in refused] == [
        (ErrorCode.NOT_FOUND, "There is no such thing.", ["input", "thingId"])
    ]


def test_a_refusal_that_blames_no_field_has_none() -> None:
    with Refusals(NoHouse(), "input") as refused:
        raise VotingClosed("Too late.")
    assert refused[0].field is None


@pytest.mark.parametrize("error", [ModelFailed("No answer."), Unauthenticated("Who?"), ValueError("x")])
def test_a_failure_and_a_missing_token_pass_through(error: Exception) -> None:
    with pytest.raises(type(error)), Refusals(NoHouse(), "input"):
        raise error


def test_a_failure_is_told_with_its_code() -> None:
    error = GraphQLError("x", original_error=ModelFailed("The model did not answer."))
    tell(error)
    assert error.message == "The model did not answer."
    assert error.extensions == {"code": "LLM_ERROR", "retryable": True}


def test_a_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    error = GraphQLError("secret", original_error=ValueError("secret"))
    with caplog.at_level(logging.ERROR):
        tell(error)
    assert "secret" not in str(error.formatted)
    assert error.extensions == {"code": "INTERNAL", "retryable": True}
    assert "secret" in caplog.text


@pytest.mark.parametrize("error", [each for each in family(Refused) if each is not Refused])
def test_a_refusal_over_http_has_its_status(error: type[DomainError]) -> None:
    response = error_response(error("No.", field=("a", "b")))
    assert response.status_code == STATUS.get(error.code, 422)
    assert bytes(response.body) == f'{{"code":"{error.code}","message":"No.","field":"a.b","retryable":false}}'.encode()
