import { join } from 'node:path';
import type { TwinOptions } from './twin-project.ts';

/**
 * Public packages whose own integration tests are built by both. They are not part of this project:
 * PEERS_PACKAGES names a folder with a clone of each, under its repository's name.
 */
export interface PublicPackage {
  readonly name: string;
  /** The clone's folder. */
  readonly repository: string;
  readonly options: Omit<TwinOptions, 'python'>;
  /** Arguments for both, after the command. */
  readonly args?: readonly string[];
}

const profile = 'integration_tests';
const folder = 'integration_tests';

const isolated = { DO_NOT_TRACK: '1' };

export function listPublicPackages(clones: string): PublicPackage[] {
  const at = (repository: string): string => join(clones, repository);
  const utils = { dbt_utils: at('dbt-utils') };
  const fivetran = {
    ...utils,
    fivetran_utils: at('dbt_fivetran_utils'),
    spark_utils: at('spark-utils'),
  };
  const plain = { profile, folder, env: isolated };
  return [
    {
      name: 'dbt_utils',
      repository: at('dbt-utils'),
      options: { ...plain, links: { dbt_utils: '../' } },
    },
    {
      name: 'dbt_date',
      repository: at('dbt-date'),
      options: { ...plain, links: { dbt_date: '../' } },
    },
    {
      name: 'dbt_expectations',
      repository: at('dbt-expectations'),
      options: {
        ...plain,
        links: { dbt_expectations: '../' },
        packages: { dbt_date: at('dbt-date') },
      },
    },
    {
      name: 'audit_helper',
      repository: at('dbt-audit-helper'),
      options: { ...plain, links: { audit_helper: '../' }, packages: utils },
    },
    {
      name: 'dbt_project_evaluator',
      repository: at('dbt-project-evaluator'),
      options: {
        ...plain,
        links: { dbt_project_evaluator: '../', exclude_package: 'exclude_package' },
        packages: utils,
      },
    },
    ...['hubspot', 'salesforce'].flatMap((crm) =>
      ['_source', ''].map((kind) => ({
        name: `${crm}${kind}`,
        repository: at(`dbt_${crm}${kind}`),
        options: {
          ...plain,
          schema: `${crm}_integration_tests`,
          links: { [`${crm}${kind}`]: '../' },
          packages: fivetran,
        },
      })),
    ),
  ];
}
