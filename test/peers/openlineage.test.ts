import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { runProject } from '../../cli/work.ts';
import { messageOf } from '../../engine/words/errors.ts';
import { createShore, createShoreProject } from '../lineage/shore.ts';

/*
 * The standard's schema itself comes in no package: PEERS_OPENLINEAGE names a folder with its
 * repository's `spec`. Its client for Java is generated from it: a class for each facet, typed
 * fields, enums. What that client reads whole is what the schema says.
 */
const home = fileURLToPath(new URL('../../.peers/openlineage', import.meta.url));
const program = fileURLToPath(new URL('read-events.java', import.meta.url));
const version = '1.54.0';
const libraries = join(home, `lib-${version}`);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidemill</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>io.openlineage</groupId><artifactId>openlineage-java</artifactId>
    <version>${version}</version>
  </dependency></dependencies>
</project>
`;

const facetsTold = [
  'ColumnLineageDatasetFacet',
  'ErrorMessageRunFacet',
  'JobTypeJobFacet',
  'NominalTimeRunFacet',
  'OutputStatisticsOutputDatasetFacet',
  'ParentRunFacet',
  'ProcessingEngineRunFacet',
  'RunEvent',
  'SQLJobFacet',
  'SchemaDatasetFacet',
  'TagsDatasetFacet',
];

/** Empty where the client can be run; else why it cannot. */
function whyNoClient(): string {
  try {
    execFileSync('java', ['-version'], { stdio: 'pipe' });
    if (existsSync(libraries)) return '';
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'pom.xml'), pom);
    const to = `-DoutputDirectory=${libraries}.part`;
    const goal = ['-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', to];
    execFileSync('mvn', goal, { cwd: home, stdio: 'pipe', timeout: 300_000 });
    execFileSync('mv', [`${libraries}.part`, libraries]);
    return '';
  } catch (error) {
    rmSync(`${libraries}.part`, { recursive: true, force: true });
    return `: ${messageOf(error).split('\n')[0]}`;
  }
}

const why = whyNoClient();

async function tellRuns(): Promise<string> {
  const project = createShoreProject(createShore());
  onTestFinished(() => project[Symbol.dispose]());
  const declared = readFileSync(join(project.folder, 'pipelines.yaml'), 'utf8');
  project.write('pipelines.yaml', `${declared}openlineage:\n  file: events.jsonl\n`);
  const run = async (): Promise<void> => {
    using opened = project.open({});
    await runProject(opened, {});
  };
  await run();
  const open = readFileSync(join(project.folder, 'models/open_people.sql'), 'utf8');
  project.write('models/open_people.sql', open.replace(/select/i, "select cast('x' as int) as x,"));
  await run();
  return join(project.folder, 'events.jsonl');
}

/** Times to the millisecond in one form, and without what is null. */
function plain(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
      ? new Date(value).toISOString()
      : value,
  );
}

test.skipIf(why !== '')(
  `the standard’s own client reads every event whole, each facet in its type${why}`,
  async () => {
    const events = await tellRuns();
    const written = readFileSync(events, 'utf8').trimEnd().split('\n');
    expect(written.some((line) => line.includes('errorMessage'))).toBe(true);
    const errors = join(home, 'unknown.txt');
    const read = execFileSync(
      'sh',
      ['-c', 'exec java -cp "$1/*" "$2" "$3" 2>"$4"', 'sh', libraries, program, events, errors],
      { encoding: 'utf8' },
    );
    const told = readFileSync(errors, 'utf8')
      .split('\n')
      .filter((line) => !/SLF4J/.test(line));
    expect(told.join('\n').trim()).toBe('');
    expect(read.trimEnd().split('\n').map(plain)).toEqual(written.map(plain));
  },
);

const spec = process.env['PEERS_OPENLINEAGE'];
const whyNoSpec = spec === undefined ? ': PEERS_OPENLINEAGE names no folder of its spec' : '';

/** The published schemas, each under its own `$id`, which has its version. */
function readSpec(folder: string): Ajv2020 {
  const formats = {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
    uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats });
  const facets = join(folder, 'facets');
  const files = readdirSync(facets)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(facets, name));
  for (const file of [join(folder, 'OpenLineage.json'), ...files]) {
    ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')));
  }
  return ajv;
}

/** Every object below `value` that names the schema it follows: the event and its facets. */
function* schemasOf(value: unknown): Generator<[string, object]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const namesSchema = name === 'schemaURL' || name === '_schemaURL';
    if (namesSchema && typeof inner === 'string') yield [inner, value];
    yield* schemasOf(inner);
  }
}

test.skipIf(spec === undefined)(
  `every event and each of its facets is what the published schema asks for${whyNoSpec}`,
  async () => {
    const ajv = readSpec(spec ?? '');
    const written = readFileSync(await tellRuns(), 'utf8')
      .trimEnd()
      .split('\n');
    const asked = new Set<string>();
    for (const line of written) {
      for (const [url, value] of schemasOf(JSON.parse(line))) {
        const isValid = ajv.getSchema(url);
        expect(isValid, url).toBeDefined();
        expect(isValid?.(value) ? [] : isValid?.errors, line).toEqual([]);
        asked.add(url.replace(/^.*\//, ''));
      }
    }
    expect([...asked].sort()).toEqual(facetsTold);
  },
);
