import { hash } from 'node:crypto';

/**
 * Outcomes kept between processes under a digest of everything they follow from. Whoever asks under
 * a key gets what would be computed again, or undefined; losing all of it costs time only.
 * Values are plain JSON.
 */
export interface Memory {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  /** What is not at hand is not looked up meanwhile: that takes longer than to make a few anew. */
  addOnly<T>(work: () => Promise<T>): Promise<T>;
}

/** Remembers nothing. */
export const noMemory: Memory = {
  get: () => undefined,
  set: () => {},
  addOnly: (work) => work(),
};

/** Hex digits of a key: 160 bits, of which none is left out. */
export function digestText(text: string): string {
  return hash('sha1', text);
}

/** A key of several parts; the kind keeps outcomes of different work apart. */
export function keyOf(kind: string, ...parts: readonly unknown[]): string {
  return `${kind}.${hash('sha1', JSON.stringify(parts))}`;
}
