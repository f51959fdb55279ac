// A real driver process behind `supervisor.py`, and what its executions answer.
//
// All tests of the driver, after `npm ci` in Grains/drivers/typescript, from this folder's parent:
//     ../../../Grains/drivers/typescript/node_modules/.bin/bun test
import { setDefaultTimeout } from 'bun:test';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '../../../..');
const DRIVER = join(ROOT, 'Grains/drivers/typescript');
const BUN = process.env.DRIVER_BUN ?? join(DRIVER, 'node_modules/.bin/bun');
const FLAGS = ['--no-install', '--no-env-file', '--config=/dev/null'];
const SUPERVISOR = join(import.meta.dir, 'supervisor.py');
const PATIENCE_MS = 45_000;
const RUNG_MS = 1_000;

setDefaultTimeout(3 * PATIENCE_MS);

export const FIXTURES = join(ROOT, 'Grains/drivers/fixtures');

export type Event = Record<string, any> & { event: string };
export type Item = { data: Record<string, any>; primary?: true; display_id?: string; update?: true };
export type Failure = { name: string; value: string; traceback: string };
export type Answer = { id: string; count: number; items: Item[]; stdout: string; stderr: string; events: Event[]; value?: Record<string, any>; error?: Failure; ended?: Event };
type Limits = { stream_bytes: number; item_bytes: number };

const LIMITS: Limits = { stream_bytes: 1 << 20, item_bytes: 1 << 24 };

export class Interpreter {
  count = 0;
  #events: Event[] = [];
  #isOver = false;
  #notify: () => void = () => {};

  private constructor(
    readonly home: string,
    readonly process: Bun.Subprocess<'pipe', 'pipe', 'inherit'>,
  ) {
    void this.#read();
  }

  static async start({ env = {}, limits = {} }: { env?: Record<string, string>; limits?: Partial<Limits> } = {}): Promise<Interpreter> {
    const interpreter = await Interpreter.spawn();
    interpreter.send({ op: 'start', limits: { ...LIMITS, ...limits }, env });
    await interpreter.next((event) => event.event === 'hello' || event.event === 'ended');
    return interpreter;
  }

  // A driver that has not been sent `start`.
  static async spawn(): Promise<Interpreter> {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'interpreter-')));
    const command = ['/usr/bin/python3', SUPERVISOR, home, BUN, ...FLAGS, join(DRIVER, 'driver.js')];
    return new Interpreter(home, Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }));
  }

  send(command: object): void {
    this.process.stdin.write(`${JSON.stringify(command)}\n`);
    this.process.stdin.flush();
  }

  // Sends an execution without waiting for its end.
  begin(code: string, { env = {}, id = `e${this.count + 1}` }: { env?: Record<string, string>; id?: string } = {}): string {
    this.count += 1;
    this.send({ op: 'execute', id, count: this.count, code, env });
    return id;
  }

  async end(): Promise<Answer> {
    const answer: Answer = { id: '', count: this.count, items: [], stdout: '', stderr: '', events: [] };
    for (;;) {
      const event = await this.next(() => true);
      answer.events.push(event);
      if (event.event === 'stdout' || event.event === 'stderr') answer[event.event] += event.text;
      if (event.event === 'item') answer.items.push(event as unknown as Item);
      if (event.event === 'ended') return { ...answer, ended: event };
      if (event.event === 'done') {
        const value = answer.items.find((item) => item.primary)?.data;
        return { ...answer, id: event.id, error: event.error, value };
      }
    }
  }

  async execute(code: string, options?: { env?: Record<string, string>; id?: string }): Promise<Answer> {
    this.begin(code, options);
    return this.end();
  }

  // The value of an expression of plain data.
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.execute(`({ v: (${expression}) })`);
    if (answer.error) throw new Error(`${answer.error.name}: ${answer.error.value}`);
    return answer.value?.['application/json']?.v;
  }

  // Waits for code to say that it runs (SAY in it, or its beginning), then climbs the ladder as the host does.
  async interruptOnceRunning(code: string): Promise<Answer> {
    const say = "console.log('running')";
    const id = this.begin(code.includes('SAY') ? code.replace('SAY', say) : `${say}; ${code}`);
    await this.next((event) => event.event === 'stdout');
    this.interrupt(id, 1);
    const secondRung = setTimeout(() => this.interrupt(id, 2), RUNG_MS);
    try {
      return await this.end();
    } finally {
      clearTimeout(secondRung);
    }
  }

  // Begins an inquiry; without a cursor at the end of the code.
  ask(op: 'complete' | 'inspect', code: string, cursor = [...code].length): string {
    const id = `q${(this.count += 1)}`;
    this.send({ op, id, code, cursor });
    return id;
  }

  async complete(code: string, cursor?: number): Promise<Event> {
    this.ask('complete', code, cursor);
    return this.next(({ event }) => event === 'completions' || event === 'ended');
  }

  async inspect(code: string, cursor?: number): Promise<Event> {
    this.ask('inspect', code, cursor);
    return this.next(({ event }) => event === 'inspection' || event === 'ended');
  }

  interrupt(id: string, rung: 1 | 2): void {
    this.send({ op: 'interrupt', id, rung });
  }

  signal(name: string): void {
    this.send({ do: 'signal', name });
  }

  // The next event that fits; those before it are thrown away.
  async next(fits: (event: Event) => boolean): Promise<Event> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const event = this.#events.shift();
      if (event && fits(event)) return event;
      if (event) continue;
      if (this.#isOver) throw new Error('the interpreter is over');
      await this.#arrival(deadline - Date.now());
    }
  }

  async #arrival(patience: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('the driver did not answer in time')), patience);
    this.#notify = resolve;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.process.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      text = lines.pop()!;
      this.#events.push(...lines.map((line) => JSON.parse(line) as Event));
      this.#notify();
    }
    this.#isOver = true;
    this.#notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin.end();
    await this.process.exited;
    await rm(this.home, { recursive: true, force: true });
  }
}
