import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileNode, compileTest } from '../../engine/declare/compile-node.ts';
import {
  openProjectMemory,
  type ProjectMemory,
} from '../../engine/declare/memory/project-memory.ts';
import { isModelNode, isTestNode } from '../../engine/declare/model-node.ts';
import { type ModelProject, readModelProject } from '../../engine/declare/model-project.ts';
import type { ModelProjectOptions } from '../../engine/declare/project-shape.ts';
import { fingerprintNodes } from '../../engine/plan/fingerprint.ts';

/** Far enough ahead that the stamps of files written just now are trusted. */
export const laterMs = 60_000;

/** The time of every file's content: as after an unpacking that keeps times. */
export const fixedSeconds = 1_000_000;

/** A project in a folder of its own, read with a memory and without. */
export interface KeptProject extends Disposable {
  readonly root: string;
  readonly memoryFolder: string;
  write(file: string, text: string): void;
  remove(file: string): void;
  /** Reads anew, as if nobody had before. */
  readCold(changes?: Partial<ModelProjectOptions>): Promise<ModelProject>;
  /** Reads as the next process would, and keeps what it read. */
  readWarm(
    changes?: Partial<ModelProjectOptions>,
    aheadMs?: number,
  ): Promise<{ project: ModelProject; memory: ProjectMemory }>;
}

export function createKeptProject(files: Readonly<Record<string, string>>): KeptProject {
  const root = mkdtempSync(join(tmpdir(), 'tidemill-kept-'));
  const memoryFolder = join(root, '.tidemill', 'models');
  const write: KeptProject['write'] = (file, text) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    utimesSync(join(root, file), fixedSeconds, fixedSeconds);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  const options = (changes: Partial<ModelProjectOptions>): ModelProjectOptions => ({
    root,
    name: 'shop',
    target: { name: 'dev', schema: 'main', type: 'duckdb', database: 'shop' },
    env: {},
    ...changes,
  });
  return {
    root,
    memoryFolder,
    write,
    remove: (file) => rmSync(join(root, file), { recursive: true, force: true }),
    readCold: (changes = {}) => readModelProject(options(changes)),
    readWarm: async (changes = {}, aheadMs = 0) => {
      const memory = openProjectMemory(memoryFolder, root, Date.now() + aheadMs);
      const project = await readModelProject({ ...options(changes), memory });
      await compileAll(project);
      memory.save();
      return { project, memory };
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Waits until a file written now has another time than one written before. */
export function passTick(root: string): void {
  const probe = join(root, '.probe');
  const look = (): bigint => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).ctimeNs;
  };
  const before = look();
  while (look() === before);
  rmSync(probe);
}

async function compileAll(project: ModelProject): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const node of project.nodes.values()) {
    try {
      if (isModelNode(node)) texts[node.id] = (await compileNode(project, node)).sql;
      else if (isTestNode(node)) texts[node.id] = (await compileTest(project, node)).sql;
    } catch (error) {
      texts[node.id] = `fault: ${String(error)}`;
    }
  }
  return texts;
}

/** All that anybody can see of a project, as JSON. */
export async function describeProject(project: ModelProject): Promise<unknown> {
  const { nodes, disabled, faults, broken, graph, library, packages, sources } = project;
  const compiled = await compileAll(project);
  const hasFiles = [...nodes.values()].every(({ resourceType }) => resourceType !== 'seed');
  const fingerprints = hasFiles ? [...(await fingerprintNodes({ project }))] : [];
  const seen = {
    name: project.name,
    nodes: [...nodes],
    disabled,
    faults,
    broken: [...broken].sort(),
    order: graph.order,
    cycles: graph.cycles,
    children: graph.order.map((id) => graph.childrenOf(id)),
    macros: library.all.map(({ id, file, digest, macroKind, at }) => [
      id,
      file,
      digest,
      macroKind,
      at,
    ]),
    packages: packages.map(({ dispatch, ...plain }) => [plain, [...dispatch]]),
    sources: [...sources.nodes],
    compiled,
    fingerprints,
  };
  return JSON.parse(JSON.stringify(seen)) as unknown;
}
