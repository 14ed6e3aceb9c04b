import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { OutputKeep } from '../engine/artifacts/compile-outputs.ts';
import type { KeptCompile } from '../engine/artifacts/kept-compile.ts';
import type { ArtifactMoment } from '../engine/artifacts/metadata.ts';
import { readStamp, trustStamp } from '../engine/declare/memory/file-stamp.ts';
import type { ModelFault } from '../engine/declare/model-fault.ts';
import type { CommandContext } from './host.ts';
import type { OpenedProject } from './open-project.ts';
import {
  type Outline,
  readOutline,
  readStanding,
  type Standing,
  withWarehouseOnDemand,
} from './outline.ts';

/** A few stamps to be looked at again are no reason to write all of them. */
const freshMax = 20;

export interface KeptAnswer {
  /** How many files hold what was compiled. */
  readonly count: number;
  readonly faults: readonly ModelFault[];
  readonly warnings: readonly string[];
}

/** What a whole project was compiled to before, as far as that still holds. */
export interface KeptWork {
  /** Absent: all must be compiled. */
  readonly answer?: KeptAnswer;
  /** Absent: what it comes to is not kept. */
  readonly keep?: OutputKeep;
  /** What was read on the way; absent: it is still to be read. */
  readonly outline?: Outline;
}

/**
 * Answers at once where nothing that the last compiling followed from has changed and all it wrote
 * is untouched; compiles a few nodes where only those can have changed.
 */
export async function compileKept(
  context: CommandContext,
  opened: OpenedProject,
  fullRefresh: boolean,
  moment: () => ArtifactMoment,
): Promise<KeptWork> {
  // A sync is a node too, and is made of the columns of its model.
  if (opened.project.syncs.length > 0) return {};
  const standing = await readStanding(opened);
  const warehouse = stampWarehouse(opened.warehousePath);
  if (standing === undefined || warehouse === undefined) return {};
  const folder = join(opened.stateFolder, 'models');
  const { folder: root, targetPath } = opened.project;
  const { ids, faults, warnings, graph, models } = standing;
  const key = hash('sha1', JSON.stringify([fullRefresh, warehouse, targetPath, moment().env]));
  const keep = { folder, key, ids };
  const rest = { keep, ...(models && { outline: { models, graph, ids, warnings } }) };
  const { readKeptCompile, saveKeptCompile, verifyFiles, openManifest, ...outputs } = await import(
    '../engine/artifacts/kept-compile.ts'
  );
  const kept = readKeptCompile(folder);
  if (kept?.key !== key) return rest;
  // What was read whole has nothing in common that anybody knows of.
  if (models && outputs.changeOf(models).stamp !== kept.change.stamp) return rest;
  const verified = verifyFiles(kept, root, Date.now());
  if (verified === undefined) return rest;
  const isSame =
    kept.stamp === standing.stamp &&
    kept.ids === outputs.digestIds(ids) &&
    outputs.isSameEnv(kept, opened.env);
  if (isSame && kept.restless.length === 0) {
    const { artifactPath } = await import('../engine/artifacts/write-artifact.ts');
    const path = artifactPath({ root, targetPath }, 'manifest');
    const found = openManifest(kept, path, Date.now());
    if (found === undefined) return rest;
    await using _ = found.file;
    const manifest = { ...kept.manifest, stamp: found.stamp };
    if (verified.fresh > freshMax) saveKeptCompile(folder, { ...verified.kept, manifest });
    return { keep, answer: { count: kept.nodes.ids.length, faults, warnings } };
  }
  const again = await compileFew(context, opened, {
    standing,
    keep,
    kept: verified.kept,
    fullRefresh,
    moment,
  });
  return again ? { keep, answer: { ...again, faults, warnings } } : rest;
}

interface FewRequest {
  readonly standing: Standing;
  readonly keep: OutputKeep;
  readonly kept: KeptCompile;
  readonly fullRefresh: boolean;
  moment(): ArtifactMoment;
}

async function compileFew(
  context: CommandContext,
  opened: OpenedProject,
  { standing, keep, kept, fullRefresh, moment }: FewRequest,
): Promise<{ readonly count: number } | undefined> {
  const { compileAgain } = await import('../engine/artifacts/compile-outputs.ts');
  const project = standing.models ?? (await readOutline(opened)).models;
  if (project === undefined) return undefined;
  return await withWarehouseOnDemand(context, opened, async (session) => {
    const now = moment();
    return await compileAgain({ project, moment: now, keep }, kept, {
      session,
      boundaryMs: now.startedAtMs,
      invocationId: now.invocationId,
      fullRefresh,
    });
  });
}

/** Undefined: it was written to just now, which a stamp may hide. */
function stampWarehouse(path: string): string | undefined {
  const stamps = [path, `${path}.wal`].map((file) => readStamp(file));
  const nowMs = Date.now();
  const isYoung = stamps.some((stamp) => stamp && !trustStamp(stamp, nowMs));
  return isYoung ? undefined : stamps.map((stamp) => stamp?.text ?? '').join(' ');
}
