import type { Log } from '../words/log.ts';

/** What templates said while they were read: it is said again. */
export type Spoken = readonly [
  level: keyof Log,
  event: string,
  fields: Parameters<Log['info']>[1] & object,
];
