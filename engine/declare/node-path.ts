import { posix } from 'node:path';

/** The least of a node that its path follows from. */
interface Placed {
  readonly resourceType: string;
  readonly name: string;
  readonly fqn: readonly string[];
  readonly file: string;
}

const fromFiles: ReadonlySet<string> = new Set(['model', 'seed', 'snapshot', 'analysis', 'test']);

/**
 * dbt's `path` of a node: its file within the folder that its kind is looked for in. What is
 * written in YAML has a file of its name; of nodes that no file is made for it is the file itself.
 */
export function nodePath({ resourceType, name, fqn, file }: Placed): string {
  if (!fromFiles.has(resourceType)) return file;
  const isYaml = /\.ya?ml$/.test(file);
  if (isYaml && resourceType === 'test') return `${name}.sql`;
  // A file of blocks, and a version of a model, are one step more.
  const isStep = fqn.at(-1) !== name || (resourceType === 'snapshot' && !isYaml);
  const path = posix.join(...fqn.slice(1, isStep ? -2 : -1), posix.basename(file));
  return isYaml ? posix.join(path, `${name}.sql`) : path;
}
