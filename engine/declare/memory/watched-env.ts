import { createHash } from 'node:crypto';

type Env = Readonly<Record<string, string | undefined>>;

/** The environment, with a note of every name that was looked at. */
export interface WatchedEnv {
  readonly env: Env;
  /** With digests of their values; undefined where somebody looked at all of it. */
  traces(): readonly (readonly [string, string])[] | undefined;
}

export function watchEnv(env: Env): WatchedEnv {
  const names = new Set<string>();
  let isListed = false;
  const note = (name: string | symbol): void => {
    if (typeof name === 'string') names.add(name);
  };
  const watched = new Proxy(env, {
    get: (target, name) => {
      note(name);
      return Reflect.get(target, name);
    },
    has: (target, name) => {
      note(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor: (target, name) => {
      note(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys: (target) => {
      isListed = true;
      return Reflect.ownKeys(target);
    },
  });
  return {
    env: watched,
    traces: () =>
      isListed ? undefined : [...names].map((name) => [name, traceOfEnv(env[name])] as const),
  };
}

/** What is kept of an environment variable: a digest, never the value. */
export function traceOfEnv(value: string | undefined): string {
  return value === undefined ? 'unset' : createHash('sha256').update(value).digest('hex');
}
