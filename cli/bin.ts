#!/usr/bin/env node
import module from 'node:module';
import v8 from 'node:v8';

/** The command as installed: nothing that an old Node cannot load is imported before the check. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** `engines.node` of package.json. */
const oldest = { major: 22, minor: 18 } as const;

if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
  process.stderr.write(
    `error: tidemill needs Node ${oldest.major}.${oldest.minor} or newer; this is ${process.version}\n` +
      '  install a newer Node, or put one first on PATH: npm install --save-dev node@24\n',
  );
  process.exit(1);
}

// Node 22 says of node:sqlite at each start that it may change; what is used of it has not.
const { emitWarning } = process;
process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
  if (!String(warning).startsWith('SQLite is an experimental feature')) {
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }
};

// Compiled once: the next start takes what V8 made of the sources from the disk.
module.enableCompileCache();

// A large project fills the young generation from the start: it may grow in one step, not in many.
v8.setFlagsFromString('--semi-space-growth-factor=32');
// Marking ahead spares long pauses: a command that ends within a second never gets it back.
v8.setFlagsFromString('--no-incremental-marking');

await import('./main.ts');
