import { durationPattern, parseDuration } from '../../words/duration.ts';
import { didYouMean } from '../../words/suggest.ts';
import { parseColumnSpec, type ScriptColumn, scriptTypes } from './column-spec.ts';
import { modelBrand } from './define-model.ts';

/** One input as declared; plain data, so that it may pass between threads. */
export interface ScriptInput {
  /** The name the function knows it by. */
  readonly name: string;
  readonly from: 'ref' | 'source';
  readonly path: readonly string[];
  readonly version?: string;
  readonly columns: readonly ScriptColumn[];
  readonly orderBy: readonly string[];
}

export interface ScriptLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly rows: number;
  readonly rowsPerKey: number;
}

/** What a TypeScript model declares, without its function. */
export interface ScriptDefinition {
  readonly mode: 'set' | 'keyed';
  readonly inputs: readonly ScriptInput[];
  readonly columns: readonly ScriptColumn[];
  /** Never null and together unique; empty where nothing is promised. */
  readonly key: readonly string[];
  /** `keyed` only: the columns that say which rows belong together. */
  readonly by: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly description: string;
  readonly limits: ScriptLimits;
}

const limitDefaults: ScriptLimits = {
  timeoutMs: 3_600_000,
  memoryMb: 512,
  rows: 100_000_000,
  rowsPerKey: 100_000,
};

/** Inputs are read over connections of their own. */
const inputsMax = 8;
const columnsMax = 2_000;
/** The time limit of a thread's timer, which counts in 32 bits. */
const timeoutMaxMs = 20 * 86_400_000;

const knownKeys = [
  'inputs',
  'columns',
  'key',
  'by',
  'config',
  'description',
  'limits',
  'run',
  'runKey',
];

type Complain = (message: string) => void;
type Plain = Readonly<Record<string, unknown>>;

/** The models among a module's exports: name and what `defineModel` was given. */
export function findModels(exported: object): [string, unknown][] {
  return Object.entries(exported).flatMap(([name, value]: [string, unknown]) =>
    value !== null && typeof value === 'object' && modelBrand in value
      ? [[name, value[modelBrand]] as [string, unknown]]
      : [],
  );
}

/** Reads what was given to `defineModel`; every complaint at once. */
export function readDefinition(model: unknown): {
  readonly definition: ScriptDefinition | undefined;
  readonly complaints: readonly string[];
} {
  const complaints: string[] = [];
  const complain: Complain = (message) => complaints.push(message);
  if (!isPlain(model)) {
    return { definition: undefined, complaints: ['defineModel takes one object'] };
  }
  for (const key of Object.keys(model)) {
    if (!knownKeys.includes(key)) {
      complain(`defineModel knows no "${key}"${didYouMean(key, knownKeys)}`);
    }
  }
  const isKeyed = typeof model['runKey'] === 'function';
  if (isKeyed === (typeof model['run'] === 'function')) {
    complain('a model has one function: run, or runKey with by');
  }
  const inputs = readInputs(model['inputs'], complain);
  const columns = readColumns(model['columns'], 'columns', complain);
  const key = readNames(model['key'], 'key', columns, complain);
  const by = readNames(model['by'], 'by', columns, complain);
  if (isKeyed) checkKeyed(by, inputs, columns, complain);
  else if (by.length > 0) complain('"by" belongs to runKey');
  const limits = readLimits(model['limits'], complain);
  const config = readConfig(model['config'], complain);
  const description = typeof model['description'] === 'string' ? model['description'] : '';
  if (complaints.length > 0) return { definition: undefined, complaints };
  const mode = isKeyed ? 'keyed' : 'set';
  return {
    definition: { mode, inputs, columns, key, by, config, description, limits },
    complaints,
  };
}

function readInputs(value: unknown, complain: Complain): ScriptInput[] {
  if (!isPlain(value) || Object.keys(value).length === 0) {
    complain('"inputs" names what the model reads: inputs: { contacts: ref(…) }');
    return [];
  }
  const entries = Object.entries(value);
  if (entries.length > inputsMax) complain(`a model has at most ${inputsMax} inputs`);
  return entries.flatMap(([name, input]) => {
    const path = isPlain(input) ? input['path'] : undefined;
    const isMade = isPlain(input) && Array.isArray(path) && path.every(isText);
    if (!isMade) {
      complain(`the input "${name}" must be ref(name, columns) or source(name, table, columns)`);
      return [];
    }
    const columns = readColumns(input['columns'], `the columns of "${name}"`, complain);
    const orderBy = readNames(input['orderBy'], `orderBy of "${name}"`, columns, complain);
    const from = input['from'] === 'source' ? ('source' as const) : ('ref' as const);
    const version = input['version'];
    return [
      {
        name,
        from,
        path: path.map(String),
        columns,
        orderBy,
        ...(version === undefined ? {} : { version: String(version) }),
      },
    ];
  });
}

function readColumns(value: unknown, what: string, complain: Complain): ScriptColumn[] {
  if (!isPlain(value) || Object.keys(value).length === 0) {
    complain(`${what} must be an object of names and types: { id: 'bigint', email: 'varchar' }`);
    return [];
  }
  const entries = Object.entries(value);
  if (entries.length > columnsMax) complain(`${what}: more than ${columnsMax}`);
  const seen = new Set<string>();
  return entries.flatMap(([name, spec]) => {
    if (seen.has(name.toLowerCase())) complain(`${what}: "${name}" is there twice but for case`);
    seen.add(name.toLowerCase());
    const column = parseColumnSpec(name, spec);
    if (column) return [column];
    const meant = isText(spec) ? didYouMean(spec, scriptTypes) : '';
    const types = [...scriptTypes].map((type) => (type === 'decimal' ? 'decimal(p,s)' : type));
    complain(`${what}: "${name}" has no type of ${types.join(', ')}${meant}`);
    return [];
  });
}

/** Names are those of declared columns, exactly. */
function readNames(
  value: unknown,
  what: string,
  columns: readonly ScriptColumn[],
  complain: Complain,
): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isText)) {
    complain(`${what} must be a list of columns`);
    return [];
  }
  const known = columns.map(({ name }) => name);
  for (const name of value) {
    if (!known.includes(name)) complain(`${what}: no column "${name}"${didYouMean(name, known)}`);
  }
  if (new Set(value).size < value.length) complain(`${what} names a column twice`);
  return value;
}

/** A key's rows are put together by its values: every input must have them, of the same type. */
function checkKeyed(
  by: readonly string[],
  inputs: readonly ScriptInput[],
  columns: readonly ScriptColumn[],
  complain: Complain,
): void {
  if (by.length === 0) complain('runKey needs by: the columns that say which rows belong together');
  for (const name of by) {
    const wanted = columns.find((column) => column.name === name);
    for (const input of inputs) {
      const found = input.columns.find((column) => column.name === name);
      const isSame = found?.type === wanted?.type && found?.scale === wanted?.scale;
      if (wanted && !(found && isSame)) {
        complain(`the input "${input.name}" must have the column "${name}" of by, of one type`);
      }
    }
  }
}

function readLimits(value: unknown, complain: Complain): ScriptLimits {
  if (value === undefined) return limitDefaults;
  if (!isPlain(value)) {
    complain('limits must be an object: { timeout: "30m" }');
    return limitDefaults;
  }
  const names = ['timeout', 'memoryMb', 'rows', 'rowsPerKey'];
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) complain(`limits: no limit "${name}"${didYouMean(name, names)}`);
  }
  const count = (name: 'memoryMb' | 'rows' | 'rowsPerKey'): number => {
    const given = value[name];
    if (given === undefined) return limitDefaults[name];
    if (typeof given === 'number' && Number.isSafeInteger(given) && given > 0) return given;
    complain(`limits.${name} must be a whole number above 0`);
    return limitDefaults[name];
  };
  return {
    timeoutMs: readTimeout(value['timeout'], complain),
    memoryMb: count('memoryMb'),
    rows: count('rows'),
    rowsPerKey: count('rowsPerKey'),
  };
}

function readTimeout(value: unknown, complain: Complain): number {
  if (value === undefined) return limitDefaults.timeoutMs;
  const isDuration = isText(value) && new RegExp(durationPattern).test(value);
  const timeoutMs = isDuration ? parseDuration(value) : 0;
  if (timeoutMs > 0 && timeoutMs <= timeoutMaxMs) return timeoutMs;
  complain('limits.timeout must be a duration such as 30m, of at most 20d');
  return limitDefaults.timeoutMs;
}

/** Config passes between threads and into state: it must be plain. */
function readConfig(value: unknown, complain: Complain): Plain {
  if (value === undefined) return {};
  if (isPlain(value)) {
    try {
      return JSON.parse(JSON.stringify(value)) as Plain;
    } catch {
      // Told below: a cycle, or a bigint.
    }
  }
  complain('config must be an object of plain values');
  return {};
}

function isPlain(value: unknown): value is Plain {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
