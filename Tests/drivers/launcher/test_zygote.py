"""TypeScript contexts that are copies of one driver: what must be their own, and what goes on without the zygote."""

import json
import shutil

import pytest
from drivers_under_test import BUN, DRIVERS
from launcher_process import LauncherProcess, descendants

RANDOM = {
    "the session": "Math.random()",
    "a realm": "require('vm').runInNewContext('Math.random()')",
    "a worker": """await new Promise(resolve => {
        const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(Math.random())'])))
        worker.onmessage = ({ data }) => { worker.terminate(); resolve(data) }
    })""",
    "cryptography": "crypto.randomUUID()",
    "a temporary folder": "require('fs').mkdtempSync('/tmp/x')",
}


@pytest.fixture(scope="module")
def typescript():
    with LauncherProcess("--bun", str(BUN), language="typescript") as process:
        yield process


@pytest.fixture
def two(typescript):
    contexts = [typescript.start(), typescript.start()]
    yield contexts
    for context in contexts:
        context.close()


@pytest.mark.parametrize("source", RANDOM)
def test_no_two_of_them_have_the_same_random_numbers(two, source):
    first, second = (context.run(RANDOM[source]) for context in two)
    assert (first.error, second.error) == (None, None)
    assert first.text != second.text


def test_each_waits_for_its_own_events(two):
    code = """const chat = new MessageChannel()
        const heard = new Promise(resolve => { chat.port1.onmessage = ({ data }) => resolve(data) })
        chat.port2.postMessage('me')
        const child = Bun.spawn(['/bin/echo', 'child'])
        const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('served') })
        const said = [await heard, (await new Response(child.stdout).text()).trim(), await (await fetch(server.url)).text()]
        await new Promise(resolve => setTimeout(resolve, 50))
        server.stop(true)
        said.join()"""
    executions = [context.begin(code) for context in two]
    for context, execution in zip(two, executions):
        outcome = context.finish(execution)
        assert outcome.error is None and outcome.text == "'me,child,served'"


def test_their_code_is_compiled_and_their_garbage_collected(two):
    code = """const { numberOfDFGCompiles } = require('bun:jsc')
        function hot(n) { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum }
        for (let i = 0; i < 2000; i++) hot(1000)
        let kept; for (let i = 0; i < 200; i++) kept = new Array(100_000).fill({ i })
        Bun.gc(true)
        numberOfDFGCompiles(hot) > 0"""
    for context in two:
        assert context.run(code).text == "true"


def test_each_is_itself_and_where_it_belongs(two):
    code = """const { cwd, env, execPath, argv } = process
        JSON.stringify([cwd(), env.HOME, require('path').resolve('x'), execPath, argv.length,
            process.pid === Number(require('fs').readlinkSync('/proc/self')),
            Bun.spawnSync(['/bin/sh', '-c', 'echo $HOME; pwd; grep -c "SigIgn:.0*$" /proc/self/status']).stdout.toString(),
            Bun.spawnSync([execPath, '--version']).exitCode])"""
    for context in two:
        told = json.loads(context.run(code).text.strip("'").replace("\\\\n", "\\n"))
        assert told == ["/home/user", "/home/user", "/home/user/x", "/sandbox/bun", 2, True, "/home/user\n/home/user\n1\n", 0]


def test_require_begins_at_home_as_in_a_bun_of_its_own(two):
    code = """require('fs').mkdirSync('sub'); require('fs').writeFileSync('lib.js', 'module.exports = 41')
        process.chdir('sub'); [require('./lib.js'), ...require.resolve.paths('x')].join()"""
    for context in two:
        assert context.run(code).text == "'41,/home/user/node_modules,/home/node_modules,/node_modules'"


def test_what_they_inherit_is_no_more_room_than_their_limits_leave(two):
    code = """const read = name => require('fs').readFileSync(`/proc/self/${name}`, 'utf8')
        Number(/Max data size +(\\d+)/.exec(read('limits'))[1]) - 1024 * Number(/VmData:\\s+(\\d+)/.exec(read('status'))[1])"""
    for context in two:
        assert 256 << 20 < int(context.run(code).text) < 512 << 20


def test_they_have_the_descriptors_of_the_protocol_and_an_event_loop_and_no_others(two):
    code = """const fs = require('fs')
        const kindOf = fd => { try { return fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/:\\[\\d+\\]/, '') } catch { return 'the listing' } }
        JSON.stringify(fs.readdirSync('/proc/self/fd').map(kindOf))"""
    kinds = json.loads(two[0].run(code).text.strip("'"))
    assert kinds[:8] == ["/dev/null", "pipe", "pipe", "pipe", "socket", "pipe", "pipe", "socket"]
    assert sorted(kinds[8:]) == ["anon_inode:[eventfd]", "anon_inode:[eventpoll]", "the listing"]


def test_contexts_may_have_less_memory_than_the_zygote_takes():
    limits = ("--memory-bytes", str(64 << 20), "--file-bytes", str(32 << 20))
    with LauncherProcess("--bun", str(BUN), *limits, language="typescript") as launcher:
        context = launcher.start()
        assert context.run("const n: number = 42; n").text == "42"
        assert any(_is_zygote(pid) for pid in descendants(launcher.process.pid))
        context.close()


@pytest.mark.parametrize("file, words, instead, said", [
    ("launcher/zygote.py", 'f"libpython', 'f"libnowhere', b"no libpython"),
    ("launcher/zygote.py", "return name", "return 'libc.so.6'", b"no copies of Bun: "),
    ("typescript/realm/randomness.js", "found.length !== 1", "found.length !== 9", b"no copies of Bun: 1 streams of random numbers"),
], ids=["without the library", "with another library", "with random numbers of unknown state"])
def test_where_there_can_be_no_copies_every_context_starts_a_bun_of_its_own(tmp_path, file, words, instead, said):
    drivers = tmp_path / "drivers"
    shutil.copytree(DRIVERS, drivers, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    source = drivers / file
    assert words in source.read_text()
    source.write_text(source.read_text().replace(words, instead))
    with LauncherProcess("--bun", str(BUN), language="typescript", launcher=drivers / "launcher" / "launcher.py") as launcher:
        context = launcher.start()
        assert context.run("const n: number = 42; n").text == "42"
        assert not any(_is_zygote(pid) for pid in descendants(launcher.process.pid))
        assert said in launcher.process.stderr.read1()
        context.close()


def test_a_context_is_a_copy_of_its_launcher(typescript, two):
    copies = [pid for pid in descendants(typescript.process.pid) if _is_zygote(pid)]
    # The launcher; and of each context the supervisor and the driver.
    assert len(copies) >= 1 + 2 * len(two)


def _is_zygote(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            program, *words = file.read().split(b"\0")
            return program == b"/sandbox/bun" and b"--zygote" in words
    except OSError:
        return False
