import type { SandboxClock } from './clock.ts';
import type { CallCounter, SandboxReply, SandboxRequest } from './exchange.ts';
import type { FaultPlan, Faults } from './faults.ts';

export type Row = Record<string, unknown>;

/** What "a person in the CRM" does; `at` in the past makes a change that arrives late. */
export interface PersonAction {
  action: 'create' | 'update' | 'delete' | 'undelete' | 'merge';
  object: string;
  id?: string;
  fields?: Row;
  /** ISO time of the change; the sandbox clock when left out. */
  at?: string;
  /** For `merge`: the records that disappear into `id`. */
  losers?: readonly string[];
}

/** What a sandbox offers behind `/_sandbox/`. Each may throw an Error; its message goes back. */
export interface ControlHandlers {
  clock: SandboxClock;
  define(schema: unknown): void;
  /** Returns how many rows were loaded. */
  load(object: string, rows: Iterable<Row>): number;
  person(action: PersonAction): unknown;
  /** All rows, deleted ones included. */
  rows(object: string): Iterable<Row>;
  count(object: string): number;
}

export const controlPrefix = '/_sandbox/';

/** Answers one control request. Never counted as a call, never faulted. */
export function handleControl(
  request: SandboxRequest,
  control: ControlHandlers,
  calls: CallCounter,
  faults: Faults,
): SandboxReply {
  const action = `${request.method} ${request.path.slice(controlPrefix.length)}`;
  try {
    switch (action) {
      case 'GET calls':
        return reply({ total: calls.total, by_route: calls.byRoute, injected: faults.injected });
      case 'POST calls/reset':
        calls.reset();
        return reply({ total: 0 });
      case 'POST clock':
        moveClock(control.clock, parseJson(request.body) as Row);
        return reply({ now: new Date(control.clock.now()).toISOString() });
      case 'POST faults':
        faults.set((parseJson(request.body) as FaultPlan | null) ?? undefined);
        return reply({ injected: faults.injected });
      case 'POST define':
        control.define(parseJson(request.body));
        return reply({ defined: true });
      case 'POST load':
        return reply({ loaded: control.load(readObject(request), parseRows(request.body)) });
      case 'POST person':
        return reply({ result: control.person(parseJson(request.body) as PersonAction) ?? null });
      case 'GET rows':
        return {
          status: 200,
          headers: { 'content-type': 'application/x-ndjson' },
          body: printLines(control.rows(readObject(request))),
        };
      case 'GET count':
        return reply({ count: control.count(readObject(request)) });
      default:
        return { status: 404, body: { message: `no sandbox control "${action}"` } };
    }
  } catch (error) {
    return { status: 400, body: { message: error instanceof Error ? error.message : `${error}` } };
  }
}

function reply(body: object): SandboxReply {
  return { status: 200, body };
}

function readObject(request: SandboxRequest): string {
  const object = request.query.get('object');
  if (object === null) throw new Error(`${request.path} needs ?object=`);
  return object;
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  return JSON.parse(body.toString('utf8'));
}

function moveClock(clock: SandboxClock, move: Row): void {
  const { hold, advance_ms: advanceMs, release } = move;
  if (typeof hold === 'string') {
    const atMs = Date.parse(hold);
    if (Number.isNaN(atMs)) throw new Error(`"hold" is not an ISO time: ${hold}`);
    clock.hold(atMs);
  } else if (hold === true) clock.hold();
  if (typeof advanceMs === 'number') clock.advance(advanceMs);
  if (release === true) clock.release();
}

/** Rows of a JSON array, a JSON object, or one JSON object a line, parsed as they are asked for. */
function* parseRows(body: Buffer): Iterable<Row> {
  let start = 0;
  while (start < body.length && isSpace(body[start])) start += 1;
  if (body[start] === 0x5b) {
    yield* JSON.parse(body.toString('utf8')) as Row[];
    return;
  }
  let line = 1;
  while (start < body.length) {
    const newline = body.indexOf(10, start);
    const end = newline === -1 ? body.length : newline;
    const text = body.toString('utf8', start, end).trim();
    if (text !== '') yield parseLine(text, line);
    start = end + 1;
    line += 1;
  }
}

function parseLine(text: string, line: number): Row {
  try {
    return JSON.parse(text) as Row;
  } catch {
    throw new Error(`line ${line} is not a JSON object; send one object a line, or one array`);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const lineBytesMin = 64 * 1024;

function* printLines(rows: Iterable<Row>): Iterable<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += `${JSON.stringify(row)}\n`;
    if (chunk.length < lineBytesMin) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
