"""What a TypeScript session is made of outlives its interpreter, and what cannot is named. Needs the driver's npm packages."""

import time

import pytest
from checkpoint_stream import Parts, build
from drivers_under_test import BUN
from interpreter_client import read_all
from launcher_process import LauncherProcess, wait_until

# (name, cell that makes it, expression that is true of it after a restore)
CARRIED = [
    ("num", "let num = 1.5; const negative = -0, nan = NaN, big = 10n ** 30n", "num === 1.5 && Object.is(negative, -0) && Number.isNaN(nan) && big === 10n ** 30n"),
    ("text", "var text = 'é\\ud800🐍'; const nothing = undefined, no = null", "text === 'é\\ud800🐍' && nothing === undefined && no === null"),
    ("nested", "const nested = { a: [1, { b: [2, , 3] }], d: new Date(5), r: /a+/gi }", "nested.a[1].b.length === 3 && !(1 in nested.a[1].b) && nested.d.getTime() === 5 && nested.r.test('aa')"),
    ("shared", "const shared = [1]; const holders = { x: shared, m: new Map([[shared, new Set([shared])]]) }", "holders.x === shared && holders.m.get(shared).has(shared)"),
    ("loop", "const loop: any = { n: 1 }; loop.self = loop", "loop.self === loop"),
    ("typed", "const typed = new Float64Array(1000).fill(2), bytes = new Uint8Array([1]), view = new DataView(new ArrayBuffer(4))", "typed[999] === 2 && bytes[0] === 1 && view.byteLength === 4"),
    ("buffer", "const buffer = Buffer.from('hi')", "Buffer.isBuffer(buffer) && buffer.toString() === 'hi'"),
    ("error", "const error = new RangeError('m', { cause: 1 })", "error instanceof RangeError && error.message === 'm' && error.cause === 1"),
    ("frozen", "const frozen = Object.freeze({ a: 1 }), bare = Object.assign(Object.create(null), { q: 1 })", "Object.isFrozen(frozen) && Object.getPrototypeOf(bare) === null && bare.q === 1"),
    ("fn", "function fn(x: number): number { return x + num }", "fn(1) === 2.5 && fn.name === 'fn'"),
    ("arrow", "const arrow = async (x: number = 2) => (await x) + num", "await arrow() === 3.5 && arrow.name === 'arrow'"),
    ("gen", "function* gen() { yield* [1, 2] }", "[...gen()].length === 2"),
    ("alias", "const alias = fn", "alias === fn"),
    ("Pt", "class Pt { static zero = 0; constructor(public x: number) {} dbl() { return this.x * 2 + num } get y() { return 1 } }", "new Pt(1).dbl() === 3.5 && Pt.zero === 0 && Pt.name === 'Pt'"),
    ("pt", "const pt = new Pt(4); const list = [pt, { p: pt }]", "list[0] === pt && list[1].p === pt && pt instanceof Pt && pt.dbl() === 9.5 && pt.y === 1"),
    ("Child", "class Child extends Pt { dbl() { return super.dbl() + 1 } }\nconst child = new Child(1)", "child.dbl() === 4.5 && child instanceof Pt && child.constructor === Child"),
    ("Bag", "class Bag extends Map { total() { return this.size } }\nconst bag = new Bag([[1, 2]])", "bag.total() === 1 && bag instanceof Bag"),
    ("Oops", "class Oops extends Error { code = 5 }\nconst oops = new Oops('x')", "oops instanceof Oops && oops.message === 'x' && oops.code === 5"),
    ("Color", "enum Color { R, G }", "Color.G === 1 && Color[1] === 'G'"),
    ("fs", "import fs, { join as put } from 'node:path'\nimport * as os from 'node:os'", "put('a', 'b') === 'a/b' && fs.sep === '/' && os.EOL === '\\n'"),
    ("mod", "require('fs').writeFileSync('mod.ts', 'export const v: number = 3; export default class M {}'); 0", "true"),
    ("own", "import M, { v } from './mod.ts'", "v === 3 && new M() instanceof M"),
    ("waited", "const waited = await Promise.resolve(7); const late = () => waited", "late() === 7"),
    ("crypto", "let crypto = 5", "crypto === 5"),
    ("deep", "let deep: any = []; for (let i = 0; i < 500; i++) deep = [deep]", "Array.isArray(deep[0][0])"),
    ("blob", "const blob = new Blob(['x'])", "await blob.text() === 'x'"),
    ("later", "function later() { return earlier() }\nfunction earlier() { return 6 }", "later() === 6"),
]

LOST = [
    ("counter", "const make = () => { let c = 0; return () => ++c }; const counter = make()", "a function that was made inside of another one cannot be saved"),
    ("running", "const running = gen()", "a generator cannot be saved"),
    ("promise", "const promise = new Promise(() => {})", "a promise cannot be saved"),
    ("url", "const url = new URL('http://a/b')", "an object of the class URL cannot be saved"),
    ("symbol", "const symbol = Symbol('s')", "a symbol cannot be saved"),
    ("weak", "const weak = new WeakMap()", "an object of the class WeakMap cannot be saved"),
    ("proxy", "const proxy = new Proxy({}, { get() { throw 1 } })", "a proxy cannot be saved"),
    ("getter", "const getter = { get z() { return 7 } }", "it has an accessor, which cannot be saved"),
    ("withFunction", "const withFunction = { a: 1, f() {} }", "it holds a function, which cannot be saved"),
    ("symbolic", "const symbolic = { [Symbol('k')]: 1 }", "it has a member whose name is a symbol, which cannot be saved"),
    ("log", "const log = Math.max", "a function of the runtime cannot be saved"),
    ("bound", "const bound = fn.bind(null)", "a function of the runtime cannot be saved"),
    ("secret", "class Hidden { #x = 1; get x() { return this.#x } }\nconst secret = new Hidden()", "an object with private members cannot be saved"),
    ("local", "const local = (() => { class Inner {} return new Inner() })()", "an object of the class Inner cannot be saved"),
    ("timer", "const timer = setTimeout(() => {}, 1e6)", "an object of the class Timeout cannot be saved"),
    ("memory", "const memory = new SharedArrayBuffer(8)", "shared memory cannot be saved"),
    ("counters", "const counters = [new Int32Array(memory)], looking = { at: new DataView(memory) }", "shared memory cannot be saved"),
    ("looking", "0", "shared memory cannot be saved"),
    ("block", "{ let inner = 0; var block = () => ++inner }", "it uses 'inner', which is no variable of the session"),
]


WORKER = "const worker = new Worker(URL.createObjectURL(new Blob(['setInterval(() => {}, 1000)'])))"


@pytest.fixture(scope="module")
def launcher():
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "1", language="typescript") as process:
        yield process


@pytest.fixture(scope="module")
def everything(launcher):
    """All kinds in one session, so that none spoils another; moved twice, so that what was restored is saved as well."""
    homes = [launcher.open()]
    interpreter = homes[0].enter().start()
    for _, code, _ in [*CARRIED, *LOST]:
        assert interpreter.run(code).error is None, code
    for _ in range(2):
        checkpoint = homes[-1].save()
        homes.append(launcher.open())
        interpreter = homes[-1].restore(checkpoint)
        interpreter.restored = interpreter.hello()["restored"]
    interpreter.lost = {one["name"]: one["reason"] for one in interpreter.restored["lost"]}
    yield interpreter
    for one in homes:
        one.close()


@pytest.mark.parametrize("name, code, expression", CARRIED, ids=[name for name, _, _ in CARRIED])
def test_a_variable_is_carried(everything, name, code, expression):
    assert name not in everything.lost
    outcome = everything.run(expression)
    assert (outcome.text, outcome.error) == ("true", None)


@pytest.mark.parametrize("name, code, reason", LOST, ids=[name for name, _, _ in LOST])
def test_a_variable_that_cannot_be_carried_is_named(everything, name, code, reason):
    assert everything.lost[name] == reason
    error = everything.run(f"{name}.x").error
    assert (error["name"], error["value"]) == ("LostStateError", f"'{name}' was not kept: {reason}")


def test_nothing_else_is_lost(everything):
    assert everything.lost.keys() == {name for name, _, _ in LOST} and everything.restored["lost_count"] == len(LOST)


def test_what_is_lost_can_be_replaced(everything):
    assert everything.run("let url = 1; url").text == "1"
    assert everything.run("symbol = 2; symbol + 1").text == "3"


def test_functions_see_the_variables_of_the_restored_session(home, other, session):
    session.run("let x = 1; function get() { return x } function put(v) { x = v }")
    restored = other.restore(home.save())
    restored.hello()
    assert restored.run("x = 2; get()").text == "2"
    assert restored.run("put(3); x").text == "3"
    assert restored.run("let x = 9; get()").text == "9"


def test_files_directory_and_environment_move(home, other, session):
    session.run("import fs from 'fs'; fs.mkdirSync('work'); fs.writeFileSync('work/file', 'content'); process.chdir('work'); process.env.MINE = 'x'; delete process.env.TERM")
    restored = other.restore(home.save())
    assert restored.hello()["restored"] == {"lost": [], "lost_count": 0}
    assert restored.run("[process.cwd(), fs.readFileSync('file', 'utf8'), process.env.MINE, 'TERM' in process.env].join()").text == "'/home/user/work,content,x,false'"


def test_a_session_that_was_in_its_home_is_there_again_and_so_are_its_children(home, other, session):
    restored = other.restore(home.save())
    restored.hello()
    assert restored.run("[process.cwd(), Bun.spawnSync(['pwd']).stdout.toString().trim()].join()").text == "'/home/user,/home/user'"


def test_a_checkpoint_says_how_long_the_session_stood_still(home, session):
    begun = time.monotonic()
    parts = Parts(home.save())
    assert parts.header["language"] == "typescript" and 0 < parts.trailer["pause_ms"] <= (time.monotonic() - begun) * 1000
    assert parts.trailer["file_bytes"] == len(parts.sections[0]) and parts.trailer["heap_bytes"] == len(parts.sections[1])


def test_a_session_that_grows_gets_no_thread_that_a_copy_would_miss():
    # In a Bun of its own: whether one that was copied starts such a thread again depends on how long ago it was.
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "1", language="typescript", tier="none") as launcher:
        session = launcher.start()
        session.run("const fs = require('fs'); const rows = Array.from({ length: 300_000 }, (_, n) => ({ n, text: `${n}` }))")
        names = session.run("fs.readdirSync('/proc/self/task').map((id) => fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim()).join()").text
    # One that has just begun is still called as the first is.
    assert set(names.strip("'").split(",")) <= {BUN.resolve().name, "mi-scavenger", "SigintWatcher"}


def test_the_session_answers_while_its_helper_waits_for_a_reader(home, session):
    session.run("const data = Buffer.alloc(16 << 20, 1)")
    with home.begin_save() as connection:
        assert session.run("data.length").text == str(16 << 20)
        assert home.save() == b""
        assert Parts(read_all(connection)).trailer is not None
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_a_save_during_an_execution_is_refused(home, session):
    execution = session.begin("console.log('begun'); await new Promise(() => {})")
    session.receive_until("stdout")
    assert home.save() == b""
    session.interrupt(execution)
    session.finish(execution)
    assert Parts(home.save()).trailer is not None


def test_a_helper_that_is_killed_costs_its_checkpoint_and_nothing_else(home, session):
    session.run("const data = Buffer.alloc(16 << 20, 1)")
    with home.begin_save() as connection:
        session.run("for (const p of require('fs').readdirSync('/proc')) if (/^\\d+$/.test(p) && +p !== process.pid) process.kill(+p, 'SIGKILL')")
        assert Parts(read_all(connection)).trailer is None
    assert session.run("data.length").text == str(16 << 20)
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_a_copy_whose_time_is_up_ends_whatever_the_session_does_on_that_signal(home, session):
    session.run("const fs = require('fs'); const data = Buffer.alloc(16 << 20, 1); process.on('SIGALRM', () => {})")
    with home.begin_save() as connection:
        # Not at the helper, which has no handlers of the session's.
        assert session.run("""
const writers = fs.readdirSync('/proc').filter((p) => /^\\d+$/.test(p) && +p !== process.pid && !fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').startsWith('/usr/bin/python3'));
for (const p of writers) process.kill(+p, 'SIGALRM');
writers.length""").text == "1"
        assert Parts(read_all(connection)).trailer is None
    assert session.run("data.length").text == str(16 << 20)
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_a_host_that_hangs_up_costs_nothing(home, session):
    session.run("const data = Buffer.alloc(16 << 20, 1)")
    home.begin_save().close()
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


@pytest.mark.parametrize("before", ["0", WORKER], ids=["alone", "with a worker"])
def test_a_session_whose_heap_fits_into_its_memory_but_once_more_is_saved_and_restored(home, other, session, before):
    assert session.run(before).error is None
    assert session.run("const big = new Float64Array((200 << 20) / 8).fill(1); let state = 41").error is None
    checkpoint = home.save()
    assert Parts(checkpoint).trailer is not None
    assert session.run("state + 1").text == "42"
    restored = other.restore(checkpoint)
    assert [one["name"] for one in restored.hello()["restored"]["lost"]] == ["worker"] * (before is WORKER)
    assert restored.run("state + big.length + big[big.length - 1]").text == str(42 + (200 << 20) // 8)


def test_a_session_that_fills_its_memory_goes_on_whether_or_not_it_can_be_saved(home, session):
    assert session.run("const blocks = []; while (blocks.length < 40) blocks.push(Buffer.alloc(10 << 20, 1)); let state = 41").error is None
    home.save()
    assert session.run("state + 1").text == "42"


def test_a_checkpoint_holds_nothing_that_came_after_it_was_asked_for(home, other, session):
    session.run("const data = Buffer.alloc(16 << 20, 1); let state = 'before'")
    with home.begin_save() as connection:
        session.run("state = 'after'; data.fill(2)")
        restored = other.restore(read_all(connection))
    restored.hello()
    assert restored.run("state + data[0] + data[data.length - 1]").text == "'before11'"


def test_an_interrupt_and_a_signal_to_the_group_are_not_the_copys(home, session):
    session.run("const data = Buffer.alloc(16 << 20, 1)")
    with home.begin_save() as connection:
        execution = session.begin("console.log('begun'); for (;;) {}")
        session.receive_until("stdout")
        session.interrupt(execution)
        assert session.finish(execution).error["name"] == "KeyboardInterrupt"
        session.run("process.on('SIGTERM', () => {}); process.kill(0, 'SIGTERM')")
        assert Parts(read_all(connection)).trailer is not None


def test_descriptors_of_the_session_are_not_held_open_by_the_copy(home, session):
    session.run("const data = Buffer.alloc(16 << 20, 1); const cat = Bun.spawn(['cat'], { stdin: 'pipe' })")
    with home.begin_save():
        assert session.run("cat.stdin.end(); await cat.exited").text == "0"


@pytest.mark.parametrize("before", ["0", WORKER], ids=["alone", "with a worker"])
def test_without_descriptors_left_nothing_is_saved_and_the_session_goes_on(home, session, before):
    assert session.run(before).error is None
    session.run("const taken = []; try { for (;;) taken.push(require('fs').openSync('/dev/null')) } catch {}")
    assert Parts(home.save()).trailer is None
    assert session.run("for (const fd of taken.splice(0)) require('fs').closeSync(fd); 1 + 1").text == "2"
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_nothing_is_left_of_a_copy(home, session):
    for _ in range(5):
        assert Parts(home.save()).trailer is not None
    others = "require('fs').readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && +name !== process.pid).length"
    assert wait_until(lambda: session.run(others).text == "0")


def test_threads_of_the_session_do_not_matter(home, session):
    session.run("""
const source = URL.createObjectURL(new Blob(['for (let all = [];; all.push({ at: String(all.length) })) if (all.length > 10000) all = []']));
const workers = [new Worker(source), new Worker(source, { name: 'named' })];
setInterval(() => { globalThis.garbage = Array.from({ length: 1000 }, (_, n) => ({ n })) }, 1); let state = 41""")
    for _ in range(10):
        # Once it uses 128 MiB it is copied, and one of some hundred copies waits in vain for a worker, and is ended after 15 s.
        assert wait_until(lambda: Parts(home.save()).trailer is not None, patience=60)
        assert session.run("state").text == "41"


@pytest.mark.parametrize("before", ["0", WORKER], ids=["alone", "with a worker"])
def test_patched_builtins_do_not_matter(home, other, session, before):
    assert session.run(before).error is None
    session.run("const value = { a: [1, new Map([[1, 2]])] }; class A { f() { return 1 } }; const a = new A()")
    session.run("""
const broken = () => { throw new Error('patched') };
Bun.spawn = Bun.spawnSync = JSON.stringify = Object.keys = Reflect.ownKeys = Map.prototype.forEach = Array.prototype.push = Array.prototype.map = Array.prototype[Symbol.iterator] = Array.from = Buffer.from = RegExp.prototype.exec = Function.prototype.toString = broken;
require('fs').openSync = require('fs').readdirSync = require('fs').readFileSync = require('bun:ffi').ptr = require('fs').writeSync = require('path').relative = require('v8').serialize = broken; 0""")
    restored = other.restore(home.save())
    restored.hello()
    assert restored.run("value.a[1].get(1) + a.f()").text == "3"


@pytest.mark.parametrize("change, detail", [
    (lambda parts: build(parts.header | {"runtime": {"bun": "0.1"}}, parts.sections, parts.trailer), "the checkpoint is of another format or runtime"),
    (lambda parts: build(parts.header | {"language": "python"}, parts.sections, parts.trailer), "the checkpoint is of another format or runtime"),
    (lambda parts: build(parts.header, parts.sections, {}), "the checkpoint is damaged"),
    (lambda parts: build(parts.header, [parts.sections[0], b"garbage"], parts.trailer), "the checkpoint is damaged"),
    (lambda parts: build(parts.header, [parts.sections[0], b""], parts.trailer), "the checkpoint is damaged"),
    (lambda parts: build(parts.header, parts.sections[::-1], parts.trailer), "the checkpoint is damaged"),
    (lambda parts: build(parts.header, parts.sections, parts.trailer)[:-1], "the checkpoint is damaged"),
    (lambda parts: b"", "the checkpoint is damaged"),
], ids=range(8))
def test_what_is_no_checkpoint_is_no_session(home, other, session, change, detail):
    session.run("const x = [1, 2, 3]")
    ended = other.restore(change(Parts(home.save()))).receive_until("ended").events
    assert ended == [{"event": "ended", "reason": "restore", "detail": detail}]


@pytest.mark.parametrize("tier", ["none", "reduced"])
def test_every_tier_saves_and_restores(tier):
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "1", language="typescript", tier=tier) as launcher:
        home, other = launcher.open(), launcher.open()
        interpreter = home.enter().start()
        interpreter.run("const x = [1]; require('fs').writeFileSync('file', 'y')")
        restored = other.restore(home.save())
        assert restored.hello()["restored"]["lost"] == []
        assert restored.run("x[0] + require('fs').readFileSync('file', 'utf8')").text == "'1y'"
        home.close()
        other.close()
