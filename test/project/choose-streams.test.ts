import { describe, expect, test } from 'vitest';
import type { StreamDeclaration } from '../../engine/declare/project/project.ts';
import { chooseStreams, wantedStreams } from '../../engine/plan/choose-streams.ts';
import type { Stream } from '../../engine/words/stream.ts';

const stream = (name: string, ...columns: string[]): Stream => ({
  name,
  columns: ['Id', 'Stamp', ...columns].map((column) => ({ name: column, type: 'string' })),
  primaryKey: ['Id'],
  modifiedField: 'Stamp',
});

const declare = (
  pattern: string,
  settings: StreamDeclaration['settings'] = {},
): StreamDeclaration => ({
  pattern,
  settings,
  position: { file: 'pipelines.yaml', line: 3, column: 5 },
});

const account = [stream('Account', 'Name', 'Secret'), stream('Pump__c', 'Name'), stream('Rig__c')];
const groups = { associations: (name: string) => name.startsWith('associations_') };

describe('chooseStreams', () => {
  test('takes names, patterns and groups, a plain name before a pattern', () => {
    const links = stream('associations_a_b');
    const declarations = [
      declare('*__c', { exclude: ['Name'] }),
      declare('Pump__c', { lookbackMs: 5 }),
      declare('associations'),
    ];
    const { chosen } = chooseStreams('crm', declarations, [...account, links], groups);
    expect(chosen.map((one) => [one.stream.name, one.settings])).toEqual([
      ['Pump__c', { lookbackMs: 5 }],
      ['associations_a_b', {}],
      ['Rig__c', { exclude: ['Name'] }],
    ]);
  });

  test('leaves columns out as declared, but never keys and stamps', () => {
    const declarations = [declare('Account', { exclude: ['Secret', 'Id', 'Stamp'] })];
    const [choice] = chooseStreams('crm', declarations, account, {}).chosen;
    expect(choice?.stream.columns.map(({ name }) => name)).toEqual(['Id', 'Stamp', 'Name']);
  });

  test('a stream or field that is not there is an issue of that stream alone', () => {
    const declarations = [
      declare('Acount'),
      declare('Pump__c'),
      declare('Account', { fields: ['Nmae'] }),
    ];
    const { chosen, issues } = chooseStreams('crm', declarations, account, {});
    expect(chosen.map((one) => one.stream.name)).toEqual(['Pump__c']);
    expect(issues.get('Acount')?.message).toContain('no stream "Acount"');
    expect(issues.get('Account')?.message).toContain('no field "Nmae"');
    expect(issues.get('Account')?.message).toContain('did you mean "Name"?');
  });

  test('asks for names alone where no pattern needs the list of all', () => {
    expect(wantedStreams([declare('Account')], groups)).toEqual(['Account']);
    const open = wantedStreams([declare('Account'), declare('*__c')], groups);
    expect(typeof open === 'function' && [open('Account'), open('X__c'), open('Lead')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
