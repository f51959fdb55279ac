"""Cells with `await` at the top level, on one event loop that lives as long as the session."""

from asyncio import CancelledError

from IPython.core import async_helpers

from .interrupts import HardInterrupt


def run(coroutine):
    """IPython's runner would leave an interrupted cell pending in the loop, to go on in the middle of a later one.

    An interrupt that arrives while all tasks wait becomes a cancellation, which the code may clean up after; a hard one
    is raised right where it waits.
    """
    loop = async_helpers.get_asyncio_loop()
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt as interrupt:
        if task.done():
            raise
        return _cancel(loop, task, coroutine, interrupt)
    except HardInterrupt as interrupt:
        return _break_off(task, coroutine, interrupt)


def _cancel(loop, task, coroutine, interrupt):
    task.cancel()
    try:
        result = loop.run_until_complete(task)
    except HardInterrupt as harder:
        return _break_off(task, coroutine, harder)
    if isinstance(result.error_in_exec, CancelledError):
        # The cancellation knows the line that was waiting, the interrupt knows why.
        result.error_in_exec = interrupt.with_traceback(result.error_in_exec.__traceback__)
    return result


def _break_off(task, coroutine, interrupt):
    if task.done():
        raise interrupt
    # The task will find its coroutine finished, and nobody shall hear of it.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    task.cancel()
    try:
        coroutine.throw(interrupt)
    except StopIteration as finished:
        return finished.value
    raise interrupt


def forget_loop() -> None:
    """A loop of the launcher's belongs to no session: two forks would share its selector."""
    async_helpers._asyncio_event_loop = None
