import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { isModelNode, type ModelNode } from '../../engine/declare/model-node.ts';
import {
  type ModelProject,
  type ModelProjectOptions,
  readModelProject,
} from '../../engine/declare/model-project.ts';

export const target = { name: 'dev', schema: 'main', database: 'warehouse', type: 'duckdb' };

/** A folder with the given files, gone after the test. */
export function writeFolder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'models-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

export async function readFiles(
  files: Readonly<Record<string, string>>,
  options: Partial<ModelProjectOptions> = {},
): Promise<ModelProject> {
  const root = writeFolder(files);
  return await readModelProject({ root, name: 'shop', target, env: {}, ...options });
}

export const faultsOf = (project: ModelProject): string[] => project.faults.map(formatFault);

export function modelOf(project: ModelProject, name: string): ModelNode {
  const node = project.nodes.get(`model.${project.name}.${name}`);
  if (!isModelNode(node)) throw new Error(`no model ${name}`);
  return node;
}
