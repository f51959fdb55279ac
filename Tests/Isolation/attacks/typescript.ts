// %% Bytes beyond the limit
// ends: MemoryLimitExceeded lost
const blocks: Uint8Array[] = [];
for (let size = 0; size < MEMORY + (64 << 20); size += 16 << 20) blocks.push(new Uint8Array(16 << 20).fill(1));
console.log("BREACH more memory than the limit");

// %% A heap beyond the limit
// ends: MemoryLimitExceeded lost
const parts: string[][] = [];
for (let i = 0; i < 900; i++) parts.push(Array.from({ length: 40_000 }, (_, n) => `${i}-${n}-abcdefgh`));
console.log(parts.length === 900 ? "BREACH more memory than the limit" : "HELD");

// %% Memory of WebAssembly
// ends: MemoryLimitExceeded,RangeError lost,kept
const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
memory.grow(MEMORY / 65536 + 1024);
new Uint8Array(memory.buffer).fill(1);
console.log("BREACH more memory than the limit");

// %% A bomb of workers
// Workers that are ended while they start may take Bun with them, also after the cell.
// ends: held,InterpreterExited,MemoryLimitExceeded,TimeoutError kept,lost
// then: done,ReferenceError,InterpreterExited,MemoryLimitExceeded,ContextLost
// timeout: 10000
// undemonstrated: two hundred runtimes are too much for a machine that others use
const urls = URL.createObjectURL(new Blob(["setInterval(() => {}, 1000)"], { type: "application/javascript" }));
const workers: Worker[] = [];
await attempt("workers", () => { for (let i = 0; i < 200; i++) workers.push(new Worker(urls)); return false; });
for (const worker of workers) worker.terminate();

// %% A bomb of processes
// ends: held kept
const sleepers: any[] = [];
await attempt("more processes than the limit", () => {
  for (let i = 0; i < 200; i++) sleepers.push(childProcess.spawn("/bin/sleep", ["600"]));
  return sleepers.every((one) => one.pid);
});
for (const one of sleepers) { one.on("error", () => {}); one.kill("SIGKILL"); }

// %% Kill everybody
await attempt("SIGKILL to -1 reaches another", async () => {
  const { dlopen } = require("bun:ffi");
  dlopen("libc.so.6", { kill: { args: ["int", "int"], returns: "int" } }).symbols.kill(-1, 9);
  return false;
});

// %% Kill the supervisor
await attempt("SIGKILL", () => { process.kill(process.ppid, "SIGKILL"); return process.ppid !== 1; });

// %% See others
await attempt("a process", () => others().length > 0);
const some = (action: (pid: number) => boolean) => others().some((pid: number) => { try { return action(pid); } catch { return false; } });
await attempt("an environment", () => some((pid) => fs.readFileSync(`/proc/${pid}/environ`).length > 0));
await attempt("a memory", () => some((pid) => fs.openSync(`/proc/${pid}/mem`, "r+") > 0));

// %% The silo's environment
await attempt("anything of it", () => fs.readdirSync("/proc").filter((name: string) => /^\d+$/.test(name)).some((pid: string) => {
  try {
    return /treasure-of-the-sil[o]/.test(fs.readFileSync(`/proc/${pid}/environ`, "latin1"));
  } catch { return false; }
}));

// %% A neighbour's files and sockets
await attempt("its file", () => fs.readFileSync(path.join(process.env.NEIGHBOUR_HOME, "treasure"), "utf8").includes("neighbour"));
await attempt("its socket", () => connected({ path: path.join(process.env.NEIGHBOUR_HOME, "door") }));
await attempt("its port", () => connected({ port: NEIGHBOUR_PORT, host: "127.0.0.1" }));

// %% The host and the metadata service
await attempt("a port of the host", () => connected({ port: Number(process.env.HOST_PORT), host: "127.0.0.1" }));
await attempt("its socket", () => connected({ path: process.env.HOST_SOCKET }));
await attempt("169.254.169.254", () => connected({ port: 80, host: "169.254.169.254" }));
await attempt("fetch", async () => (await fetch("http://169.254.169.254/")).status > 0);

// %% Write where the machine keeps its files
// demonstrate: root
for (const folder of ["/usr", "/etc"]) await attempt(folder, () => {
  fs.writeFileSync(`${folder}/written-by-an-attack`, "x");
  fs.unlinkSync(`${folder}/written-by-an-attack`);
  return true;
});

// %% Write to the driver
// What is private to the driver lies where every context of this language sees it.
// undemonstrated: in the tier none a context is the service's own user
for (const folder of ["/sandbox", "/sandbox/drivers/typescript", "/sandbox/drivers/typescript/node_modules"])
  await attempt(folder, () => { fs.writeFileSync(`${folder}/written-by-an-attack`, "x"); return true; });
await attempt("/sandbox/bun", () => fs.openSync("/sandbox/bun", "r+") > 0);

// %% A full disk
// ends: held kept
await attempt("more than the limit", () => {
  const file = fs.openSync("fill", "w");
  try {
    for (let size = 0; size < 300 << 20; size += 1 << 20) fs.writeSync(file, new Uint8Array(1 << 20));
    return true;
  } finally {
    fs.closeSync(file);
    fs.unlinkSync("fill");
  }
});

// %% Namespaces by ffi
await attempt("unshare", () => {
  const { dlopen } = require("bun:ffi");
  return dlopen("libc.so.6", { unshare: { args: ["int"], returns: "int" } }).symbols.unshare(0x04000000) === 0;
});

// %% process.exit
// ends: InterpreterExited lost
// undemonstrated: no wall stands here: it is its own process
process.exit(3);

// %% process.abort
// ends: InterpreterExited lost
// undemonstrated: no wall stands here: it is its own process
process.abort();

// %% A segmentation fault
// ends: InterpreterExited lost
// undemonstrated: no wall stands here: it is its own process
const { read } = require("bun:ffi");
read.u8(1, 0);

// %% Wait in a way that nobody can wake
// ends: TimeoutError lost,kept
// timeout: 500
// undemonstrated: no wall stands here but the clock
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

// %% Spin, deaf to every signal
// ends: TimeoutError lost,kept
// timeout: 500
// undemonstrated: no wall stands here but the clock
for (const name of ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP"]) process.on(name, () => {});
for (;;) { try { for (;;) {} } catch {} }

// %% A promise that begets promises
// ends: TimeoutError lost,kept
// timeout: 500
// undemonstrated: no wall stands here but the clock
const again = (): any => Promise.resolve().then(again);
await again();

// %% Close every descriptor
// ends: InterpreterExited lost
// undemonstrated: the descriptors are the context's own
for (let fd = 0; fd < 1024; fd++) try { fs.closeSync(fd); } catch {}
await Bun.sleep(60_000);

// %% Frames of another execution, half ones and huge ones
// ends: InterpreterExited lost
// undemonstrated: the supervisor checks frames in every tier
const forged = Buffer.from(JSON.stringify({ event: "done", id: "another" }));
fs.writeSync(5, Buffer.concat([Buffer.from(new Uint32Array([forged.length]).buffer), forged]));
await Bun.sleep(60_000);

// %% Patched prototypes
// ends: done kept
// undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
for (const prototype of [Object.prototype, Array.prototype, Promise.prototype, String.prototype, Map.prototype, Function.prototype] as any[])
  for (const name of ["then", "map", "push", "call", "apply", "toString", "get", "set", "has", "join", "slice", "replace"])
    if (Object.hasOwn(prototype, name)) prototype[name] = () => { throw new Error("patched"); };
JSON.stringify = JSON.parse = null as any;

// %% Setters on every object
// ends: done kept
// undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
for (const name of ["event", "id", "error", "data", "code", "env", "value", "get", "set", "then"])
  Object.defineProperty(Object.prototype, name, Object.assign(Object.create(null), {
    configurable: true, get() { return undefined; }, set() { throw new Error("set"); },
  }));

// %% Values that are hostile
// ends: done,Error kept
// undemonstrated: output is checked in every tier
const circle: any = { nan: NaN, infinite: -Infinity, big: 10n ** 400n, lone: "\ud800", zero: "\0", colour: "\x1b[31m" };
circle.self = circle;
circle.toJSON = () => { throw new Error("hostile"); };
circle[Symbol.for("nodejs.util.inspect.custom")] = () => { throw new Error("hostile"); };
console.log(circle, new Proxy({}, { get() { throw new Error("hostile"); }, ownKeys() { throw new Error("hostile"); } }));
circle

// %% A flood without an end
// ends: TimeoutError kept
// timeout: 1500
// undemonstrated: output is cut in every tier
for (;;) { try { fs.writeSync(1, "x".repeat(65536)); } catch {} }

// %% A hundred megabytes in one value
// ends: done,MemoryLimitExceeded kept,lost
// undemonstrated: output is cut in every tier
({ block: "x".repeat(100 << 20) })

// %% Recursion without end
// ends: RangeError kept
// undemonstrated: no wall stands here: it is its own process
function recurse(): any { return recurse() + 1; }
recurse();

// %% A rejection that nobody handles, and a throw from a timer
// ends: done,Error kept
// undemonstrated: no wall stands here: it is its own process
setTimeout(() => { throw new Error("from a timer"); }, 1);
Promise.reject(new Error("unhandled"));
await Bun.sleep(50);
