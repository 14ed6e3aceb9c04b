import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { findDecisions } from '../engine/declare/find-decisions.ts';
import { isModelNode, type ModelNode } from '../engine/declare/model-node.ts';
import type { ModelProject } from '../engine/declare/model-project.ts';
import { complainOfDecisions } from '../engine/steps/identity-decisions.ts';
import { TerminalError } from '../engine/words/errors.ts';
import { didYouMean } from '../engine/words/suggest.ts';

/** What a person decided of two records. */
export interface Decided {
  readonly left: string;
  readonly right: string;
  readonly decision: 'same' | 'different';
  readonly why: string;
  readonly by: string;
  readonly atMs: number;
}

/** The identities of a project: all of them, or the one that is named. */
export function findIdentities(models: ModelProject | undefined, name?: string): ModelNode[] {
  const all = [...(models?.nodes.values() ?? [])].filter(
    (node): node is ModelNode =>
      isModelNode(node) && node.nodeConfig.materialization === 'identity',
  );
  const found = name === undefined ? all : all.filter((node) => node.name === name);
  if (found.length > 0) return found;
  const names = all.map((node) => node.name);
  const said =
    name === undefined
      ? 'no model of this project is an identity'
      : `there is no identity "${name}"${didYouMean(name, names)}`;
  throw new TerminalError(said, {
    code: 'identity-unknown',
    hint: names.length > 0 ? `there are: ${names.join(', ')}` : 'see docs/identity.md',
  });
}

/**
 * Adds a line to the seed in which the identity's decisions stand: a file of the project, so that
 * it is reviewed and kept like the models. Answers its path. Earlier lines are never touched.
 *
 * @throws TerminalError `identity-no-seed` where the decisions stand in no seed.
 */
export function recordDecision(models: ModelProject, node: ModelNode, decided: Decided): string {
  const seed = findDecisions(models, node);
  if (seed?.resourceType !== 'seed') {
    const where = seed ? `${seed.name}, which is no seed` : 'nowhere';
    throw new TerminalError(`the decisions on ${node.name} stand in ${where}`, {
      code: 'identity-no-seed',
      hint: seed
        ? 'write the decision where that table comes from'
        : `make a seed with the header "model,left_record,right_record,decision,why,decided_by,decided_at" and name it in ${node.file}: decisions='its name'`,
      model: node.id,
    });
  }
  const path = join(models.root, seed.file);
  const text = readFileSync(path, 'utf8');
  const [header = []] = parse(text, { bom: true, to: 1 }) as string[][];
  const complaint = complainOfDecisions(
    seed.relation,
    header.map((name) => ({ name: name.trim() })),
  );
  if (complaint !== undefined) {
    throw new TerminalError(complaint, {
      code: 'identity-decisions',
      hint: `its first line, in ${seed.file}, has ${header.join(', ')}: commas stand between names`,
      model: node.id,
    });
  }
  const values: Readonly<Record<string, string>> = {
    model: node.name,
    left_record: decided.left,
    right_record: decided.right,
    decision: decided.decision,
    why: decided.why,
    decided_by: decided.by,
    decided_at: new Date(decided.atMs).toISOString(),
  };
  // A file with line ends of two kinds is read as none.
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const cells = header.map((name) => values[name.trim().toLowerCase()] ?? '');
  const line = stringify([cells], { record_delimiter: lineEnd });
  appendFileSync(path, text.endsWith('\n') || text === '' ? line : `${lineEnd}${line}`);
  return path;
}
