import { createPipelines, type Pipeline } from './pipelines.ts';
import type { PropertyInput } from './property.ts';
import { defineProperty, type PropertyDefinition, parsePropertyLine } from './property.ts';
import { type StandardObject, standardObjects } from './standard-objects.ts';

export interface ObjectDefinition {
  name: string;
  singular: string;
  objectTypeId: string;
  /** `p123_vehicles` for a custom object, else the name. */
  fullyQualifiedName: string;
  isCustom: boolean;
  labels: { singular: string; plural: string };
  createdProperty: string;
  modifiedProperty: string;
  primaryDisplayProperty: string;
  requiredProperties: readonly string[];
  searchableProperties: readonly string[];
  defaultProperties: readonly string[];
  properties: Map<string, PropertyDefinition>;
  createdAtMs: number;
}

export interface CustomObjectInput {
  label?: string;
  labels?: { singular?: string; plural?: string };
  primaryDisplayProperty?: string;
  requiredProperties?: readonly string[];
  searchableProperties?: readonly string[];
  properties?: readonly PropertyInput[];
}

export interface Owner {
  id: string;
  email: string;
  type: 'PERSON' | 'QUEUE';
  firstName: string;
  lastName: string;
  userId: number;
  teams: readonly { id: string; name: string; primary: boolean }[];
  archived: boolean;
  createdAtMs: number;
  updatedAtMs: number;
}

/** The account's metadata: what objects, properties, pipelines and owners there are. */
export interface Catalog {
  portalId: number;
  objects: Map<string, ObjectDefinition>;
  pipelines: Map<string, Pipeline[]>;
  owners: Map<string, Owner>;
  /** By name, singular, fully qualified name or object type id. */
  find(type: string): ObjectDefinition | undefined;
  /**
   * The same, for code that was handed a type by a person: throws an Error that lists what exists.
   */
  get(type: string): ObjectDefinition;
  addObject(name: string, input: CustomObjectInput, nowMs: number): ObjectDefinition;
  addProperty(
    object: ObjectDefinition,
    input: PropertyInput,
    nowMs: number,
    group?: string,
  ): PropertyDefinition;
}

export function createCatalog(portalId: number, nowMs: number): Catalog {
  const objects = new Map<string, ObjectDefinition>();
  for (const standard of standardObjects) {
    objects.set(standard.name, createStandardObject(standard, nowMs));
  }
  const find = (type: string): ObjectDefinition | undefined => {
    const direct = objects.get(type);
    if (direct !== undefined) return direct;
    const wanted = type.toLowerCase();
    for (const object of objects.values()) {
      const { name, singular, fullyQualifiedName, objectTypeId } = object;
      if ([name, singular, fullyQualifiedName, objectTypeId].includes(wanted)) return object;
    }
    return undefined;
  };
  const get = (type: string): ObjectDefinition => {
    const object = find(type);
    if (object !== undefined) return object;
    throw new Error(
      `there is no object "${type}" here; there are ${[...objects.keys()].join(', ')}`,
    );
  };
  const addProperty: Catalog['addProperty'] = (object, input, at, group) => {
    const property = defineProperty(input, group ?? `${object.singular}information`, at);
    object.properties.set(property.name, property);
    return property;
  };
  return {
    portalId,
    objects,
    pipelines: createPipelines(),
    owners: new Map(),
    find,
    get,
    addProperty,
    addObject(name, input, at) {
      const customs = [...objects.values()].filter((object) => object.isCustom).length;
      const object = createCustomObject(name, input, `2-${customIdBase + customs}`, portalId, at);
      objects.set(name, object);
      for (const property of input.properties ?? []) addProperty(object, property, at);
      for (const wanted of [object.primaryDisplayProperty, ...object.requiredProperties]) {
        if (object.properties.has(wanted)) continue;
        throw new Error(`object "${name}" names property "${wanted}", which it does not declare`);
      }
      return object;
    },
  };
}

const customIdBase = 3_465_400;

function systemLines(created: string, modified: string): string[] {
  return [
    'hs_object_id|Record ID|number|number|readonly',
    `${created}|Create date|datetime|date|readonly`,
    `${modified}|Last modified date|datetime|date|readonly`,
  ];
}

function createStandardObject(standard: StandardObject, nowMs: number): ObjectDefinition {
  const { createdProperty, modifiedProperty, singular } = standard;
  const lines = [
    ...systemLines(createdProperty, modifiedProperty),
    ...standard.properties.split('\n').filter((line) => line.trim() !== ''),
  ];
  return {
    name: standard.name,
    singular,
    objectTypeId: standard.objectTypeId,
    fullyQualifiedName: standard.name,
    isCustom: false,
    labels: { singular: standard.label, plural: `${standard.label}s` },
    createdProperty,
    modifiedProperty,
    primaryDisplayProperty: standard.primaryDisplayProperty,
    requiredProperties: [],
    searchableProperties: standard.searchableProperties,
    defaultProperties: standard.defaultProperties,
    properties: parseLines(lines, `${singular.replaceAll('_', '')}information`, nowMs),
    createdAtMs: nowMs,
  };
}

function createCustomObject(
  name: string,
  input: CustomObjectInput,
  objectTypeId: string,
  portalId: number,
  nowMs: number,
): ObjectDefinition {
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(name)) {
    throw new Error(`object name ${JSON.stringify(name)} is not lower-case letters and digits`);
  }
  const first = input.properties?.[0]?.name;
  const display = input.primaryDisplayProperty ?? first;
  if (display === undefined) {
    throw new Error(`object "${name}" needs at least one property; declare it under "properties"`);
  }
  const plural = input.labels?.plural ?? input.label ?? name;
  const lines = [
    ...systemLines('hs_createdate', 'hs_lastmodifieddate'),
    'hubspot_owner_id|Owner|enumeration|select|owner',
    'hs_merged_object_ids|Merged record IDs|enumeration|checkbox|readonly,free',
  ];
  return {
    name,
    singular: name,
    objectTypeId,
    fullyQualifiedName: `p${portalId}_${name}`,
    isCustom: true,
    labels: { singular: input.labels?.singular ?? plural, plural },
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    primaryDisplayProperty: display,
    requiredProperties: input.requiredProperties ?? [],
    searchableProperties: input.searchableProperties ?? [display],
    defaultProperties: [display],
    properties: parseLines(lines, `${name}_information`, nowMs),
    createdAtMs: nowMs,
  };
}

function parseLines(
  lines: readonly string[],
  group: string,
  nowMs: number,
): Map<string, PropertyDefinition> {
  const properties = new Map<string, PropertyDefinition>();
  for (const line of lines) {
    const property = parsePropertyLine(line, group, nowMs);
    properties.set(property.name, property);
  }
  return properties;
}
