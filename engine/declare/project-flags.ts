import { asConfig } from './config.ts';
import type { FaultList } from './model-fault.ts';
import type { YamlFile } from './yaml-file.ts';

interface UnreadFlag {
  /** What it says where it is at odds with what is done here. */
  readonly value: boolean;
  readonly says: string;
}

/** Flags of behaviour whose effect is not had here, where they ask for it. */
const unread: Readonly<Record<string, UnreadFlag>> = {
  require_explicit_package_overrides_for_builtin_materializations: {
    value: false,
    says: 'a materialization of a package never stands in place of a builtin one',
  },
  skip_nodes_if_on_run_start_fails: {
    value: false,
    says: 'a failing hook of on-run-start always ends the run',
  },
  state_modified_compare_more_unrendered_values: {
    value: true,
    says: 'state:modified compares config as it was rendered',
  },
  state_modified_compare_vars: {
    value: true,
    says: 'state:modified does not compare variables, only what they lead to',
  },
  validate_macro_args: {
    value: true,
    says: 'arguments of macros in YAML are told in artifacts, and not compared with the macro',
  },
};

/** Says which of the flags in `dbt_project.yml` ask for what is not done. */
export function reportProjectFlags(yaml: YamlFile, faults: FaultList): void {
  const flags = asConfig(asConfig(yaml.value)['flags']);
  for (const [name, { value, says }] of Object.entries(unread)) {
    if (flags[name] === value) {
      faults.warn(yaml.placeOf(['flags', name]), `the flag ${name}: ${value} is not read: ${says}`);
    }
  }
}
