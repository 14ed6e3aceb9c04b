import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JinjaError } from '../../engine/declare/jinja/jinja-error.ts';
import { decodeJson } from '../../engine/declare/jinja/json-text.ts';
import { PyDict } from '../../engine/declare/jinja/values.ts';
import { type Golden, renderCase } from '../jinja/corpus-case.ts';
import { context, randomTemplate } from './random-template.ts';
import { describeWithDbt } from './with-dbt.ts';

const script = fileURLToPath(new URL('../jinja/golden.py', import.meta.url));
const templatesMax = Number(process.env['PEERS_TEMPLATES'] ?? 3_000);
const seed = Number(process.env['PEERS_SEED'] ?? 20_260);

/** What Python prints of its own objects, an address or a class of its own in it. */
const pythonsOwn =
  /Markup\(|<[\w.]+ (?:object )?at 0x|<(?:Macro|Cycler|Joiner|Namespace|built-in|bound|class)/;

function askPython(python: string, templates: readonly string[]): Golden[] {
  const lines = templates.map((template) => JSON.stringify({ template, context }));
  const { stdout, stderr } = spawnSync(python, ['-W', 'ignore', script, '--ask'], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): Golden => JSON.parse(line));
}

/** Lists are changed by templates: each has its own. */
async function render(template: string): Promise<string | undefined> {
  const read = decodeJson(JSON.stringify(context));
  const entries = read instanceof PyDict ? read.entries() : [];
  const variables = entries.map(([name, value]) => [String(name), value] as const);
  const options = new PyDict();
  const text = await renderCase({ name: '', template, variables, options, golden: {} });
  return text instanceof JinjaError ? undefined : text;
}

describeWithDbt('the template language', ({ python }) => {
  test('the committed goldens are what jinja2 writes', () => {
    const { status, stdout, stderr } = spawnSync(python, [script, '--check'], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  test(`${templatesMax} templates made at random come to what jinja2 makes, or fail in both`, async () => {
    const all = fc.sample(randomTemplate, { seed, numRuns: templatesMax });
    const templates = [...new Set(all)];
    const goldens = askPython(python, templates);
    expect(goldens).toHaveLength(templates.length);
    const different: unknown[] = [];
    for (const [index, template] of templates.entries()) {
      const { output, error } = goldens[index] ?? {};
      const ours = await render(template);
      const isSame = ours === output || (ours && output && pythonsOwn.test(output));
      if (!isSame) different.push({ template, python: output ?? error, ours });
    }
    expect(different).toEqual([]);
    const good = goldens.filter(({ output }) => output !== undefined).length;
    process.stdout.write(`peers: ${good} of ${templates.length} random templates are good ones\n`);
  });
});
