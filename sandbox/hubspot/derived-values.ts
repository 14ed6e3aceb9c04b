import type { Catalog, ObjectDefinition } from './catalog.ts';
import type { Values } from './store.ts';

/** The calculated properties that follow from a write. Empty when nothing they depend on moved. */
export function deriveValues(
  catalog: Catalog,
  object: ObjectDefinition,
  changes: Values,
  before: Values,
): Values {
  if (object.name === 'contacts' && changes['email'] !== undefined) {
    return { hs_email_domain: changes['email']?.split('@')[1] ?? null };
  }
  if (object.name === 'deals' && ('dealstage' in changes || 'pipeline' in changes)) {
    return deriveStage(catalog, { ...before, ...changes });
  }
  return {};
}

function deriveStage(catalog: Catalog, deal: Values): Values {
  const pipelines = catalog.pipelines.get('deals') ?? [];
  const own = pipelines.filter(({ id }) => id === deal['pipeline']);
  const stages = (own.length > 0 ? own : pipelines).flatMap((pipeline) => pipeline.stages);
  const stage = stages.find(({ id }) => id === deal['dealstage']);
  const probability = stage?.metadata['probability'] ?? null;
  const isWon = probability !== null && Number(probability) === 1;
  const isClosed = isWon || (probability !== null && Number(probability) === 0);
  return {
    hs_is_closed: stage === undefined ? null : String(isClosed),
    hs_is_closed_won: stage === undefined ? null : String(isWon),
    hs_deal_stage_probability: probability,
  };
}
