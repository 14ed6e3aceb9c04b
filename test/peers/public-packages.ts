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
  /** Its sources name the tables its seeds make, without an edge: the seeds are built first. */
  readonly seedsFirst?: boolean;
}

const profile = 'integration_tests';
const folder = 'integration_tests';

const isolated = { DO_NOT_TRACK: '1' };

/** The schema in which their integration tests look for the tables that their seeds make. */
const fivetranSchemas = [
  ['hubspot', 'hubspot_integration_tests_66'],
  ['salesforce', 'salesforce_integrations_tests_4'],
  ['hubspot_source', 'hubspot_source_integration_tests_37'],
  ['salesforce_source', 'salesforce_source_integrations_tests_3'],
] as const;

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
    ...(['snowplow', 'segment'] as const).map((name) => ({
      name,
      repository: at(name),
      options: { ...plain, links: { [name]: '../' }, packages: utils },
    })),
    {
      name: 'dbt_artifacts',
      repository: at('dbt_artifacts'),
      options: {
        ...plain,
        profile: 'dbt_artifacts',
        folder: 'integration_test_project',
        links: { dbt_artifacts: '../' },
      },
    },
    {
      name: 'dbt_unit_testing',
      repository: at('dbt-unit-testing'),
      options: {
        profile: 'jaffle_shop',
        folder: 'jaffle-shop',
        env: isolated,
        links: { dbt_unit_testing: '../' },
        packages: utils,
      },
    },
    {
      name: 'jaffle_shop_duckdb',
      repository: at('jaffle_shop_duckdb'),
      options: { profile: 'jaffle_shop', env: isolated },
    },
    ...fivetranSchemas.map(([name, schema]) => ({
      name,
      repository: at(`dbt_${name}`),
      seedsFirst: true,
      options: { ...plain, schema, links: { [name]: '../' }, packages: fivetran },
    })),
  ];
}
