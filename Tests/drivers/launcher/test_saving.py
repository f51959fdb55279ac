"""What a supervisor knows of a save: that it was asked for, who does it, and that it has taken too long."""

import os
import select
import signal
import socket

import pytest
from launcher_process import wait_until
from sandbox_launcher.checkpoints.attachments import RESTORE, SAVE, Giver, Taker
from sandbox_launcher.checkpoints.room import Room
from sandbox_launcher.checkpoints.saving import Saving

PATIENCE = 20


@pytest.fixture
def ends():
    giver, taker = (end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    return Giver(giver), Taker(taker)


@pytest.fixture
def connection():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def is_over(saving: Saving) -> bool:
    saving.end_if_due()
    return not saving.is_under_way


def test_a_descriptor_reaches_the_driver_and_blocks_there(ends, connection):
    giver, taker = ends
    connection[1].setblocking(False)
    assert giver.give(SAVE, connection[1].fileno())
    fd = taker.take(SAVE, PATIENCE)
    assert os.get_blocking(fd) and not os.get_inheritable(fd)
    os.write(fd, b"x")
    assert connection[0].recv(1) == b"x"
    os.close(fd)


def test_one_that_nobody_waits_for_is_closed_and_the_next_one_taken(ends, connection):
    giver, taker = ends
    giver.give(RESTORE, connection[1].fileno())
    connection[1].close()
    other = socket.socketpair()
    giver.give(SAVE, other[1].fileno())
    fd = taker.take(SAVE, PATIENCE)
    assert connection[0].recv(1) == b""
    os.close(fd)


def test_nothing_comes_in_time(ends):
    assert ends[1].take(SAVE, 0) is None


def test_nothing_comes_from_a_supervisor_that_is_gone(ends):
    os.close(ends[0].fd)
    assert ends[1].take(SAVE, PATIENCE) is None
    ends[1].say_taken()


def test_a_save_in_vain_is_over_at_once(ends, connection):
    saving = Saving(ends[0])
    assert saving.begin(connection[1].fileno(), Room(())) and saving.is_under_way
    ends[1].say_in_vain()
    saving.on_answer(driver=1)
    assert not saving.is_under_way


def test_a_driver_that_does_not_answer_is_not_waited_for_and_its_host_is_told(ends, connection):
    saving = Saving(ends[0], take_seconds=0)
    assert saving.begin(connection[1].fileno(), Room(()))
    assert is_over(saving)
    assert connection[0].recv(1) == b""


def test_what_was_left_untaken_is_not_taken_for_the_next(ends, connection):
    giver, taker = ends
    other = socket.socketpair()
    giver.give(SAVE, other[1].fileno())
    giver.give(SAVE, connection[1].fileno())
    fd = taker.take(SAVE, PATIENCE)
    os.write(fd, b"x")
    other[1].close()
    assert connection[0].recv(1) == b"x" and other[0].recv(1) == b""
    os.close(fd)


def test_the_driver_itself_is_never_the_one_that_is_ended(ends, connection):
    saving = Saving(ends[0])
    saving.begin(connection[1].fileno(), Room(()))
    ends[1].say_taken()
    saving.on_answer(driver=os.getpid())
    assert saving.process is None and not saving.is_under_way


def test_a_flood_of_answers_is_taken_in_by_turns(ends):
    giver, taker = ends
    for _ in range(20):
        taker.say_in_vain()
    saving = Saving(giver)
    saving.on_answer(driver=1)
    assert giver.answer() == 0
    saving.on_answer(driver=1)
    assert giver.answer() is None


def test_an_answer_to_nothing_is_none(ends):
    saving = Saving(ends[0])
    ends[1].say_taken()
    saving.on_answer(driver=1)
    assert not saving.is_under_way


@pytest.fixture
def waits_for_admission():
    """This process, as a copy would be."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
    own = os.pidfd_open(os.getpid())
    yield own
    os.close(own)
    signal.sigtimedwait({signal.SIGCONT}, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCONT})


def test_without_a_room_the_copy_is_told_to_go_on(waits_for_admission):
    Room(()).admit(os.getpid(), waits_for_admission, is_halted=False)
    assert signal.sigtimedwait({signal.SIGCONT}, 0).si_signo == signal.SIGCONT


def test_a_copy_that_is_halted_is_not_told_to_go_on(waits_for_admission):
    Room(()).admit(os.getpid(), waits_for_admission, is_halted=True)
    assert signal.sigtimedwait({signal.SIGCONT}, 0) is None


def test_a_room_is_given_back_when_the_save_is_over_and_when_it_cannot_begin(ends, connection):
    saving = Saving(ends[0])
    for is_taken in (True, False):
        lease, room = os.pipe()
        assert saving.begin(connection[1].fileno(), Room([room])) is is_taken
        if is_taken:
            ends[1].say_in_vain()
            saving.on_answer(driver=1)
            os.close(ends[1].fd)
        assert os.read(lease, 1) == b""
        os.close(lease)


def test_an_end_that_is_closed_is_said(ends, connection):
    os.close(ends[1].fd)
    saving = Saving(ends[0])
    assert not saving.begin(connection[1].fileno(), Room(()))
    with pytest.raises(EOFError):
        saving.on_answer(driver=1)


def test_whoever_takes_too_long_is_ended(ends, connection):
    saving = Saving(ends[0], work_seconds=0)
    assert saving.begin(connection[1].fileno(), Room(()))
    pid = os.fork()
    if pid == 0:
        ends[1].say_taken()
        select.select([], [], [])
    answers = select.poll()
    answers.register(ends[0].fd, select.POLLIN)
    assert answers.poll(PATIENCE * 1000)
    saving.on_answer(driver=1)
    assert wait_until(lambda: saving.end_if_due() or select.select([saving.process], [], [], 0)[0])
    saving.on_end()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
    assert not saving.is_under_way
