"""Django's cache in Redis, and in the database for as long as Redis is away: slower, and still counted.

What was counted in the one is not known to the other: when it goes and when it comes back, a limit may be used once
more. It never ends.
"""

import pickle
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends import redis as djangos
from django.core.cache.backends.base import BaseCache

from .shared_memory import CONNECTION, Rest, seal, unsealed

# The name of the cache that takes its place.
WITHOUT_REDIS = "without_redis"
_NAME = "cache"


class Sealed(djangos.RedisSerializer):
    """Values as Django keeps them, read only where we have written them: a pickle is a program."""

    def dumps(self, obj: Any) -> Any:
        """A number stays one, so that Redis can add to it."""
        return obj if type(obj) is int else seal(pickle.dumps(obj, pickle.HIGHEST_PROTOCOL), name=_NAME)

    def loads(self, data: Any) -> Any:
        """None for what is not ours: as if it were not there."""
        try:
            return int(data)
        except ValueError:
            pickled = unsealed(data, name=_NAME)
            return None if pickled is None else pickle.loads(pickled)  # noqa: S301 - sealed by us


def _or_database(name: str) -> Callable[..., Any]:
    in_redis = getattr(djangos.RedisCache, name)

    def asked(self: "RedisCache", *args: Any, **kwargs: Any) -> Any:
        return self.rest.ask(
            lambda: in_redis(self, *args, **kwargs),
            otherwise=lambda: getattr(self.database, name)(*args, **kwargs),
        )

    return asked


class RedisCache(djangos.RedisCache):
    """The backend: `LOCATION` is an address as CACHE_URL takes it."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        options = {**CONNECTION, "serializer": Sealed, **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self.rest = _REST

    @property
    def database(self) -> BaseCache:
        """Where is counted without Redis."""
        return caches[WITHOUT_REDIS]

    add, get, set, touch = map(_or_database, ("add", "get", "set", "touch"))
    delete, get_many, has_key = map(_or_database, ("delete", "get_many", "has_key"))
    incr, set_many, delete_many = map(_or_database, ("incr", "set_many", "delete_many"))


# One for the process: Django makes a backend for each thread.
_REST = Rest()
