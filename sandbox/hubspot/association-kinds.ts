import type { Catalog, ObjectDefinition } from './catalog.ts';

const associationCategories = ['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED'] as const;
export type AssociationCategory = (typeof associationCategories)[number];

/** One way in which a record of one object stands to a record of another. */
export interface AssociationKind {
  from: string;
  to: string;
  category: AssociationCategory;
  typeId: number;
  label: string | null;
  /** The same relation seen from the other end. */
  inverseTypeId: number;
}

/**
 * Pairs of [from, to, type id, type id of the way back, label?]: HubSpot's own, the common ones.
 */
const hubspotDefined: readonly (readonly [string, string, number, number, string?])[] = [
  ['contacts', 'companies', 279, 280],
  ['contacts', 'companies', 1, 2, 'Primary'],
  ['deals', 'contacts', 3, 4],
  ['deals', 'companies', 341, 342],
  ['deals', 'companies', 5, 6, 'Primary'],
  ['tickets', 'contacts', 16, 15],
  ['tickets', 'companies', 339, 340],
  ['tickets', 'companies', 26, 25, 'Primary'],
  ['tickets', 'deals', 28, 27],
  ['deals', 'line_items', 19, 20],
  ['contacts', 'contacts', 449, 449],
  ['companies', 'companies', 450, 450],
  ['companies', 'companies', 13, 14, 'Parent company'],
  ['deals', 'deals', 451, 451],
  ['tickets', 'tickets', 452, 452],
  ['calls', 'contacts', 194, 193],
  ['calls', 'companies', 182, 181],
  ['calls', 'deals', 206, 205],
  ['calls', 'tickets', 220, 219],
  ['emails', 'contacts', 198, 197],
  ['emails', 'companies', 186, 185],
  ['emails', 'deals', 210, 209],
  ['emails', 'tickets', 224, 223],
  ['meetings', 'contacts', 200, 199],
  ['meetings', 'companies', 188, 187],
  ['meetings', 'deals', 212, 211],
  ['meetings', 'tickets', 226, 225],
  ['notes', 'contacts', 202, 201],
  ['notes', 'companies', 190, 189],
  ['notes', 'deals', 214, 213],
  ['notes', 'tickets', 228, 227],
  ['tasks', 'contacts', 204, 203],
  ['tasks', 'companies', 192, 191],
  ['tasks', 'deals', 216, 215],
  ['tasks', 'tickets', 230, 229],
];

/** Labels of the way back that differ from the way there. */
const inverseLabels: Readonly<Record<number, string>> = { 14: 'Child company' };

/** The association types of the account. A custom object gets its own on first use. */
export interface AssociationKinds {
  list(from: ObjectDefinition, to: ObjectDefinition): readonly AssociationKind[];
  /** The unlabelled type; undefined when the two objects cannot be associated. */
  unlabelled(from: ObjectDefinition, to: ObjectDefinition): AssociationKind | undefined;
  find(
    from: ObjectDefinition,
    to: ObjectDefinition,
    typeId: number,
    category?: string,
  ): AssociationKind | undefined;
  /** A label of the account's own; both directions. Returns the two. */
  addLabel(
    from: ObjectDefinition,
    to: ObjectDefinition,
    label: string,
    inverseLabel?: string,
  ): AssociationKind[];
  removeLabel(from: ObjectDefinition, to: ObjectDefinition, typeId: number): boolean;
  /** What a sandbox with a file remembers. */
  all(): readonly AssociationKind[];
  restore(kinds: readonly AssociationKind[]): void;
}

export function createAssociationKinds(catalog: Catalog): AssociationKinds {
  let kinds: AssociationKind[] = [];
  let customTypeId = 0;
  const addPair = (
    pair: Pick<AssociationKind, 'from' | 'to' | 'category' | 'label'>,
    [typeId, inverseTypeId]: readonly [number, number],
    inverseLabel: string | null,
  ): AssociationKind[] => {
    const { from, to, category, label } = pair;
    const there = { from, to, category, typeId, label, inverseTypeId };
    const back = {
      from: to,
      to: from,
      category,
      typeId: inverseTypeId,
      label: inverseLabel,
      inverseTypeId: typeId,
    };
    const added = from === to && typeId === inverseTypeId ? [there] : [there, back];
    kinds.push(...added);
    return added;
  };
  for (const [from, to, typeId, inverse, label = null] of hubspotDefined) {
    const ids = [typeId, inverse] as const;
    const back = inverseLabels[inverse] ?? label;
    addPair({ from, to, category: 'HUBSPOT_DEFINED', label }, ids, back);
  }
  const nextIds = (): readonly [number, number] => {
    customTypeId += 2;
    return [customTypeId - 1, customTypeId];
  };
  const list = (from: ObjectDefinition, to: ObjectDefinition): AssociationKind[] => {
    const found = kinds.filter((kind) => kind.from === from.name && kind.to === to.name);
    const isCustom = from.isCustom || to.isCustom;
    if (!isCustom || found.some((kind) => kind.label === null)) return found;
    const pair = { from: from.name, to: to.name, category: 'USER_DEFINED', label: null } as const;
    addPair(pair, nextIds(), null);
    return kinds.filter((kind) => kind.from === from.name && kind.to === to.name);
  };
  return {
    list,
    unlabelled: (from, to) => list(from, to).find((kind) => kind.label === null),
    find: (from, to, typeId, category) =>
      list(from, to).find(
        (kind) => kind.typeId === typeId && (category === undefined || kind.category === category),
      ),
    addLabel(from, to, label, inverseLabel) {
      const pair = { from: from.name, to: to.name, category: 'USER_DEFINED', label } as const;
      return addPair(pair, nextIds(), inverseLabel ?? label);
    },
    removeLabel(from, to, typeId) {
      const kind = list(from, to).find(
        (known) =>
          known.typeId === typeId && known.category === 'USER_DEFINED' && known.label !== null,
      );
      if (kind === undefined) return false;
      const isPart = (other: AssociationKind): boolean =>
        other.category === 'USER_DEFINED' &&
        (other.typeId === kind.typeId || other.typeId === kind.inverseTypeId);
      kinds = kinds.filter((other) => !isPart(other));
      return true;
    },
    all: () => kinds,
    restore(remembered) {
      kinds = remembered.filter((kind) => catalog.objects.has(kind.from));
      for (const { category, typeId } of kinds) {
        if (category === 'USER_DEFINED') customTypeId = Math.max(customTypeId, typeId);
      }
    },
  };
}
