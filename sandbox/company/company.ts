import type { HubSpotSchema } from '../hubspot/definition.ts';
import type { SchemaDefinition } from '../salesforce/schema.ts';
import { hubspotSchema, salesforceSchema } from './custom-fields.ts';
import { generateHubSpot, generateOwners } from './hubspot-rows.ts';
import { generateSalesforce } from './salesforce-rows.ts';
import { type CompanyOptions, type RowSource, scaleOf } from './scale.ts';

/** A company split over two CRMs the way companies are: overlaps, spellings, duplicates, gaps. */
export interface Company {
  readonly salesforce: { readonly schema: SchemaDefinition; readonly rows: RowSource };
  /** `associations` is one of the keys, loaded last. */
  readonly hubspot: { readonly schema: HubSpotSchema; readonly rows: RowSource };
}

export function generateCompany(options: CompanyOptions): Company {
  const scale = scaleOf(options);
  return {
    salesforce: { schema: salesforceSchema, rows: generateSalesforce(scale) },
    hubspot: {
      schema: { ...hubspotSchema, owners: generateOwners(scale) },
      rows: generateHubSpot(scale),
    },
  };
}
