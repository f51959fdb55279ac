"""What stands in the place of a variable that could not be kept: whoever touches it is told why it is gone."""

_get, _set = object.__getattribute__, object.__setattr__


class LostStateError(Exception):
    """The state was not kept when the session was saved and restored."""


# Users read where it comes from in its repr.
LostStateError.__module__ = "builtins"


def _refuse(self, *arguments, **options):
    raise LostStateError(_words(self))


class Lost:
    """Answers nothing but its repr, its class, and what Python itself needs of any object."""

    __slots__ = ("_name", "_reason")

    def __init__(self, name: str, reason: str):
        _set(self, "_name", name)
        _set(self, "_reason", reason)

    def __repr__(self):
        return f"<lost: {_words(self)}>"

    __str__ = __repr__

    # A set or a dict of such things can still be restored.
    __hash__ = object.__hash__

    def __getattribute__(self, name):
        return Lost if name == "__class__" else _refuse(self)


for _name in """
    setattr delattr call bool len iter next reversed contains getitem setitem delitem enter exit aenter aexit await aiter anext
    eq ne lt le gt ge format bytes int float complex index round trunc floor ceil neg pos abs invert fspath length_hint
    add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor
    radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand ror rxor
    iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ior ixor
""".split():
    setattr(Lost, f"__{_name}__", _refuse)


def name_and_reason(lost: Lost) -> tuple[str, str]:
    return _get(lost, "_name"), _get(lost, "_reason")


def _words(lost: Lost) -> str:
    name, reason = name_and_reason(lost)
    return f"{name!r} was not kept: {reason}"
