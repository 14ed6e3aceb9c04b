import { type RawBuilder, sql } from 'kysely';
import type { MappedField, SyncMapping } from './sync-mapping.ts';

/**
 * What the diff says of one field, by prefix: `send:` goes to the CRM (why after the colon), `move`
 * and `adopt` only move state, the rest is shown and left alone. Null: nothing to say.
 */
export const decisions = {
  /** First contact: there is no base to compare with, and the CRM holds something else. */
  sendNew: 'send:new',
  /** The model moved, the CRM did not. */
  sendModel: 'send:model',
  /** The CRM was edited, the model stood still, and the model's value is written again. */
  sendDrift: 'send:drift',
  /** Both moved, and the model's value wins. */
  sendConflict: 'send:conflict',
  /** The CRM already holds the model's value. */
  move: 'move',
  /** The CRM's edit stands until the model's value changes. */
  adopt: 'adopt',
  /** Edited in the CRM; the declaration asks for a report. */
  report: 'report:drift',
  /** Both moved and no rule decides. */
  review: 'report:review',
  /** Written `reassertMax` times and found changed each time: something in the CRM undoes it. */
  notHeld: 'report:not_held',
} as const;

/** How often the same value is written over an edit before it is called not held. */
export const reassertMax = 3;

/** Between the lines of a text, and the choices of a multi-select, that are appended to. */
const separators = { text: '\n', multi_select: ';' } as const;

/**
 * The columns of one row that a decision reads, all canonical text where '' is empty.
 * `accepted` (null: unknown) is the model's value last settled; `adopted` the CRM's value it was
 * settled against where that differs; `crm` what the CRM holds now, our own unseen writes included.
 */
export interface DecisionInput {
  readonly model: RawBuilder<unknown>;
  readonly crm: RawBuilder<unknown>;
  readonly accepted: RawBuilder<unknown>;
  readonly adopted: RawBuilder<unknown>;
  readonly reasserts: RawBuilder<unknown>;
  readonly modelAt: RawBuilder<unknown>;
  readonly crmAt: RawBuilder<unknown>;
  /** For `append`: the canonical form of the CRM's value with the model's added. */
  readonly joined: RawBuilder<unknown>;
}

/** The decision for a record that exists. */
export function decideField(
  mapping: SyncMapping,
  field: MappedField,
  on: DecisionInput,
): RawBuilder<unknown> {
  if (!field.destination.updatable) return sql`null`;
  if (field.write === 'append') return decideAppend(mapping, on);
  return sql`case
      when ${on.model} = ${on.crm} then
        case when ${on.accepted} = ${on.model} and ${on.adopted} is null then null
             else ${lit(decisions.move)} end
      when ${leavesAlone(field, on)} then null
      when ${on.accepted} is null then ${firstContact(field, on)}
      when ${on.accepted} = ${on.model} and ${on.adopted} = ${on.crm} then null
      when ${on.accepted} = ${on.model} then ${crmMoved(mapping, field, on)}
      when ${on.crm} = coalesce(${on.adopted}, ${on.accepted}) then ${modelMoved(field, on)}
      else ${bothMoved(mapping, field, on)}
    end`;
}

/** What would be sent: the model's own text, or for `append` the CRM's with it. */
export function joinValues(
  field: MappedField,
  crm: RawBuilder<unknown>,
  model: RawBuilder<unknown>,
): RawBuilder<unknown> {
  if (field.write !== 'append') return model;
  const separator = field.kind === 'multi_select' ? separators.multi_select : separators.text;
  return sql`case when coalesce(${crm}, '') = '' then ${model}
             else ${crm} || ${lit(separator)} || ${model} end`;
}

function leavesAlone(field: MappedField, on: DecisionInput): RawBuilder<unknown> {
  if (field.write === 'if_empty') return sql`${on.crm} <> ''`;
  if (field.write === 'never_null') return sql`${on.model} = ''`;
  return sql`false`;
}

function firstContact(field: MappedField, on: DecisionInput): RawBuilder<unknown> {
  if (field.owner === 'warehouse') return lit(decisions.sendNew);
  const filled =
    field.owner === 'crm' ? lit(decisions.adopt) : byStamp(on, decisions.sendNew, decisions.review);
  return sql`case when ${on.crm} = '' then ${lit(decisions.sendNew)} else ${filled} end`;
}

function crmMoved(
  mapping: SyncMapping,
  field: MappedField,
  on: DecisionInput,
): RawBuilder<unknown> {
  // The model has not moved since: under `latest` the CRM's edit is the later one.
  if (field.owner !== 'warehouse') return lit(decisions.adopt);
  switch (mapping.spec.onDrift) {
    case 'adopt':
      return lit(decisions.adopt);
    case 'report':
      return lit(decisions.report);
    case 'reassert':
      return sql`case when ${on.reasserts} >= ${sql.lit(reassertMax)}
             then ${lit(decisions.notHeld)} else ${lit(decisions.sendDrift)} end`;
    default:
      return mapping.spec.onDrift satisfies never;
  }
}

function modelMoved(field: MappedField, on: DecisionInput): RawBuilder<unknown> {
  if (field.owner !== 'crm') return lit(decisions.sendModel);
  return sql`case when ${on.adopted} is null or ${on.crm} = ''
             then ${lit(decisions.sendModel)} else ${lit(decisions.adopt)} end`;
}

function bothMoved(
  mapping: SyncMapping,
  field: MappedField,
  on: DecisionInput,
): RawBuilder<unknown> {
  if (field.owner === 'crm') return lit(decisions.adopt);
  if (field.owner === 'latest') return byStamp(on, decisions.sendConflict, decisions.review);
  return lit(mapping.spec.onDrift === 'report' ? decisions.review : decisions.sendConflict);
}

function decideAppend(mapping: SyncMapping, on: DecisionInput): RawBuilder<unknown> {
  const drift =
    mapping.spec.onDrift === 'reassert'
      ? sql`case when ${on.reasserts} >= ${sql.lit(reassertMax)}
             then ${lit(decisions.notHeld)} else ${lit(decisions.sendDrift)} end`
      : lit(mapping.spec.onDrift === 'adopt' ? decisions.adopt : decisions.report);
  return sql`case
      when ${on.model} = '' then null
      when ${on.joined} = ${on.crm} then
        case when ${on.accepted} = ${on.model} and ${on.adopted} is null then null
             else ${lit(decisions.move)} end
      when ${on.accepted} = ${on.model} and ${on.adopted} = ${on.crm} then null
      when ${on.accepted} = ${on.model} then ${drift}
      else ${lit(decisions.sendModel)}
    end`;
}

function byStamp(on: DecisionInput, later: string, tie: string): RawBuilder<unknown> {
  return sql`case
        when ${on.modelAt} > ${on.crmAt} then ${lit(later)}
        when ${on.modelAt} < ${on.crmAt} then ${lit(decisions.adopt)}
        else ${lit(tie)}
      end`;
}

function lit(text: string): RawBuilder<unknown> {
  return sql.lit(text);
}
