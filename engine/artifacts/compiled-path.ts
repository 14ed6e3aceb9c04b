import { posix } from 'node:path';
import type { ModelProject } from '../declare/model-project.ts';
import type { CompiledNode } from '../plan/compile-project.ts';
import { packageFile } from './file-path.ts';

/** Where a node's SQL is written, as dbt does: below its package, under its file's own path. */
export function compiledPath(project: ModelProject, node: CompiledNode['node']): string {
  const isGeneric = node.resourceType === 'test' && node.testType === 'generic';
  const path = packageFile(project, node.packageName, node.file).replaceAll('../', '');
  const alias = 'nodeConfig' in node && isGeneric ? node.config['alias'] : undefined;
  const name = typeof alias === 'string' ? alias : node.name;
  const hasOwnFile = !isGeneric && node.resourceType !== 'snapshot';
  // What is written of a model in TypeScript is its shape, in SQL.
  const file = hasOwnFile ? path.replace(/\.ts$/, '.sql') : posix.join(path, `${name}.sql`);
  return posix.join(project.targetPath, 'compiled', node.packageName, file);
}
