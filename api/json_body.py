"""How does a route get its JSON body?

By one dependency: it lets a guard judge the request first, then reads the body by the rules of
:mod:`api.request_body` and checks it against a model.  :mod:`api.openapi` finds it among the dependencies of a route
and describes the body, so that a route says once what it takes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, ValidationError

from api.deps import ServicesDep
from api.errors import invalid_fields
from api.request_body import read_json
from crawler.config import Settings

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Posted(Generic[Model]):
    """A body that was read and checked, with a digest of its bytes that shows whether two requests are the same."""

    value: Model
    digest: str


class JsonReader(Generic[Model]):
    """Reads and checks a body.

    Args:
        model: what it must be; validators find the settings in their context.
        max_bytes: the largest body taken, in bytes.
    """

    def __init__(self, model: type[Model], max_bytes: Callable[[Settings], int]) -> None:
        self.model = model
        self._max_bytes = max_bytes

    async def __call__(self, request: Request, services: ServicesDep) -> Posted[Model]:
        """Read the body of a request.

        Raises:
            ApiError: 413, 415, or 400 with what is wrong.
        """
        body = await read_json(request, self._max_bytes(services.settings))
        try:
            value = self.model.model_validate(body.value, context={"settings": services.settings})
        except ValidationError as error:
            raise invalid_fields(error) from None
        return Posted(value, body.digest)


def json_body(model: type[Model], *, guard: Callable[..., Any], max_bytes: Callable[[Settings], int]) -> Any:
    """Make the dependency of a route that takes a JSON body.

    Args:
        model: what the body must be.
        guard: dependency that refuses a request before any of its body is read: who asks, how often.
        max_bytes: the largest body taken, in bytes.
    """
    reader = JsonReader(model, max_bytes)

    async def guarded(
        _: Annotated[object, Depends(guard)], posted: Annotated[Posted[Model], Depends(reader)]
    ) -> Posted[Model]:
        return posted

    return Depends(guarded)


def models_read(dependant: Dependant) -> Iterator[type[BaseModel]]:
    """Yield the models of the bodies that a route reads."""
    if isinstance(dependant.call, JsonReader):
        yield dependant.call.model
    for each in dependant.dependencies:
        yield from models_read(each)
