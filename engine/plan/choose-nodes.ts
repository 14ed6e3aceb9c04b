import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../declare/graph.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { type Selection, type SelectorMethods, selectNodes } from '../declare/select.ts';
import { matchesPath, matchesPattern, stateMethods } from '../declare/select-method.ts';
import type { IndirectSelection, SelectionSpec } from '../declare/selection-spec.ts';
import { findSelector } from '../declare/selectors.ts';
import { TerminalError } from '../words/errors.ts';
import { tellWarnings, type WarningRules } from '../words/warning-rules.ts';

/** Which nodes a command means, as its flags say it. */
export interface NodeChoice {
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
  /** A name of `selectors.yml`; it stands in place of `select` and `exclude`. */
  readonly selector?: string;
  readonly indirectSelection?: IndirectSelection;
  /** Of what is chosen, only nodes of these types, and none of those. */
  readonly resourceTypes?: readonly string[];
  readonly excludedTypes?: readonly string[];
}

/** What of a project a choice may name besides its nodes. */
export type ChosenFrom = Pick<ModelProject, 'root' | 'name' | 'selectors'>;

/**
 * Chooses nodes by flags, `selectors.yml` and what an earlier state is compared with.
 *
 * @throws TerminalError `selector-invalid`.
 */
export function chooseNodes(
  graph: Graph,
  choice: NodeChoice,
  models: ChosenFrom | undefined,
  methods: SelectorMethods = {},
): Selection {
  const { select, exclude, indirectSelection: indirect } = choice;
  const spec = findSpec(choice, models);
  const matchesPackage: SelectorMethods[string] = (node, value) =>
    matchesPattern(node.packageName, value === 'this' ? (models?.name ?? '') : value);
  const selection = selectNodes(graph, {
    ...(select?.length ? { select } : {}),
    ...(exclude?.length ? { exclude } : {}),
    ...(indirect ? { indirect } : {}),
    ...(spec ? { spec } : {}),
    methods: { ...stateless, package: matchesPackage, path: pathMethod(models?.root), ...methods },
  });
  if (selection.errors.length === 0) return narrowToTypes(graph, choice, selection);
  throw new TerminalError(selection.errors.join('\n'), { code: 'selector-invalid' });
}

/**
 * What is told of a choice: selectors that match nothing, and promises that its state finds broken.
 */
export function tellChosen(
  rules: WarningRules | undefined,
  chosen: readonly string[],
  compared: readonly string[] = [],
): string[] {
  return [
    ...tellWarnings(rules, 'NoNodesForSelectionCriteria', chosen),
    ...tellWarnings(rules, 'UnversionedBreakingChange', compared),
  ];
}

function narrowToTypes(
  graph: Graph,
  { resourceTypes, excludedTypes = [] }: NodeChoice,
  selection: Selection,
): Selection {
  if (!resourceTypes && excludedTypes.length === 0) return selection;
  const isMeant = (id: string): boolean => {
    const type = graph.nodes.get(id)?.resourceType ?? '';
    return (resourceTypes?.includes(type) ?? true) && !excludedTypes.includes(type);
  };
  return { ...selection, ids: new Set([...selection.ids].filter(isMeant)) };
}

/** Of a package's files those count that the project could have too, so the disk is asked. */
function pathMethod(root: string | undefined): NonNullable<SelectorMethods[string]> {
  const known = new Map<string, boolean>();
  const isThere = (path: string): boolean => {
    const found = known.get(path) ?? (root !== undefined && existsSync(join(root, path)));
    known.set(path, found);
    return found;
  };
  return (node, value) => matchesPath(node, value, isThere);
}

function findSpec(
  { select, exclude, selector }: NodeChoice,
  models: ChosenFrom | undefined,
): SelectionSpec | undefined {
  const isGiven = select?.length || exclude?.length;
  if (!models || (selector === undefined && isGiven)) return undefined;
  return findSelector(models.selectors, selector);
}

/** What is said where there is nothing to compare with. */
const stateless: SelectorMethods = Object.fromEntries(
  stateMethods.map((method) => [
    method,
    () => {
      throw new TerminalError(`the selector ${method}: compares with an earlier state`, {
        code: 'selector-invalid',
        hint: 'name the folder of its manifest.json with --state',
      });
    },
  ]),
);
