"""How objects become pickles: by cloudpickle, told what belongs to the session."""

import dataclasses
import functools
import types
import typing
import weakref
from importlib.util import find_spec
from sys import modules

from cloudpickle import CloudPickler

from .lost import Lost, name_and_reason
from .reasons import WORDS, NotCarried

_PROTOCOL = 5

# Objects that are compared by identity, and have no name of their own in a pickle.
SENTINELS = {f"dataclasses.{name}": getattr(dataclasses, name) for name in
              ("MISSING", "KW_ONLY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR", "_HAS_DEFAULT_FACTORY") if hasattr(dataclasses, name)}
_CACHED = type(functools.lru_cache(len))


class SessionPickler(CloudPickler):
    """Onto `sink`, which takes large buffers apart from the rest. `known`: id -> name of what is not carried but found again."""

    def __init__(self, sink, known: dict, namespace: dict):
        super().__init__(sink, protocol=_PROTOCOL, buffer_callback=sink.take_buffer)
        self._known = known
        self._namespace = namespace
        # A function of the session keeps its globals; otherwise it would get some of its own.
        self.globals_ref[id(namespace)] = namespace

    def persistent_id(self, value):
        return self._known.get(id(value))

    def reducer_override(self, value):
        kind = type(value)
        words = WORDS.get(id(kind))
        if words is not None:
            raise NotCarried(words)
        if kind is Lost:
            return Lost, name_and_reason(value)
        if kind is types.ModuleType and not is_importable(value):
            raise NotCarried("a module that cannot be imported")
        if kind is functools.cached_property:
            # It has a lock, which another one of it will have too.
            return functools.cached_property, (value.func,), {"attrname": value.attrname}
        if kind is weakref.WeakKeyDictionary or kind is weakref.WeakValueDictionary:
            return kind, (dict(value),)
        if kind is _CACHED and value.__module__ == "__main__":
            # It would be looked for by its name, before it has one.
            return restore_cached, (value.__wrapped__, *value.cache_parameters().values())
        reduced = super().reducer_override(value)
        if issubclass(kind, type) and type(reduced) is tuple and typing.NamedTuple in vars(value).get("__orig_bases__", ()):
            # A function that stands for a base class would make another class of it.
            constructor, name, _, *rest = reduced[1]
            return reduced[0], (constructor, name, value.__bases__, *rest), *reduced[2:]
        return reduced

    def _dynamic_function_reduce(self, function):
        reduced = super()._dynamic_function_reduce(function)
        if function.__globals__ is self._namespace:
            # Its globals are variables of the session, which are carried for themselves, or lost for themselves.
            reduced[2][1]["__globals__"] = {}
        return reduced


def restore_cached(function, maxsize, typed):
    """A function with an empty cache. Found by this name in checkpoints."""
    return functools.lru_cache(maxsize, typed)(function)


def is_importable(module) -> bool:
    """By its name, in another process."""
    try:
        name, spec = module.__name__, module.__spec__
        if name == "__main__" or modules.get(name) is module and spec is not None and spec.origin is not None:
            return True
        return name in modules and spec is not None and find_spec(name) is not None
    except Exception:
        return False
