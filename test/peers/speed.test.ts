import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeGeneratedProject } from '../../bench/generated-project.ts';
import type { Python } from './python.ts';
import { layTwins, type Peer, type PeerRun, type TwinProject } from './twin-project.ts';
import { describeWithDbt } from './with-dbt.ts';

/** 500 nodes: enough that starting a process is not what is measured. */
const size = { models: 350, tests: 150, macros: 40 };

function layGenerated(python: Python): TwinProject {
  const source = mkdtempSync(join(tmpdir(), 'generated-'));
  try {
    writeGeneratedProject(source, size);
    appendFileSync(join(source, 'dbt_project.yml'), 'profile: generated\n');
    return layTwins(source, { python, profile: 'generated' });
  } finally {
    rmSync(source, { recursive: true });
  }
}

describeWithDbt('speed', (python) => {
  test('a project of 500 nodes is read and built by both, and how long that took is printed', () => {
    using twins = layGenerated(python);
    const lines: string[] = [];
    const measure = (what: string, run: (peer: Peer) => PeerRun): readonly PeerRun[] => {
      const runs = [twins.dbt, twins.tidemill].map(run);
      const [theirs = 0, ours = 0] = runs.map(({ wallMs }) => wallMs / 1_000);
      const ratio = (theirs / ours).toFixed(1);
      lines.push(
        `  ${what}: dbt ${theirs.toFixed(1)} s, Tidemill ${ours.toFixed(1)} s, ${ratio} ×`,
      );
      for (const { exitCode, printed } of runs) expect(exitCode, printed).toBe(0);
      return runs;
    };
    measure('parse, nothing remembered', (peer) => peer.run('parse'));
    measure('parse, nothing changed', (peer) => peer.run('parse'));
    const [theirs, ours] = measure('build', (peer) => peer.run('build'));
    measure('build, nothing changed', (peer) => peer.run('build'));
    const { models, tests } = size;
    process.stdout.write(
      `peers: ${models} models, ${tests} tests, in the wall clock\n${lines.join('\n')}\n`,
    );
    expect([...(ours?.nodes.keys() ?? [])].sort()).toEqual(
      [...(theirs?.nodes.keys() ?? [])].sort(),
    );
  });
});
