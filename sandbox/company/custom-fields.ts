import type { HubSpotSchema } from '../hubspot/definition.ts';
import type { SchemaDefinition } from '../salesforce/schema.ts';

/** What the demo company added to its Salesforce org. */
export const salesforceSchema: SchemaDefinition = {
  objects: {
    Contact: {
      fields: [
        { name: 'Health_Score__c', label: 'Health Score', type: 'double', precision: 5, scale: 0 },
        {
          name: 'Health_Band__c',
          label: 'Health Band',
          type: 'picklist',
          picklist: ['healthy', 'neutral', 'at risk'],
          restricted: true,
        },
        { name: 'Lifecycle__c', label: 'Lifecycle', type: 'string', length: 40 },
      ],
    },
    Opportunity: {
      fields: [
        { name: 'Product_Name__c', label: 'Product', type: 'string', length: 80 },
        {
          name: 'Expected_Margin__c',
          label: 'Expected Margin',
          type: 'currency',
          formula: '"Amount" * 0.3',
        },
      ],
    },
    Region__c: {
      label: 'Region',
      labelPlural: 'Regions',
      fields: [
        { name: 'Name', type: 'string', length: 80, required: true, nameField: true },
        { name: 'Quota__c', label: 'Quota', type: 'currency' },
      ],
    },
  },
};

const crossReference = (name: string, label: string) => ({
  name,
  label,
  type: 'string' as const,
  fieldType: 'text' as const,
  hasUniqueValue: true,
});

/** What it added to HubSpot. */
export const hubspotSchema: HubSpotSchema = {
  objects: {
    contacts: {
      properties: [crossReference('salesforce_contact_id', 'Salesforce contact')],
    },
    companies: {
      properties: [
        crossReference('salesforce_account_id', 'Salesforce account'),
        {
          name: 'closed_won_deals',
          label: 'Closed-won deals',
          type: 'number',
          fieldType: 'number',
        },
        {
          name: 'closed_won_amount',
          label: 'Closed-won amount',
          type: 'number',
          fieldType: 'number',
        },
        { name: 'last_won_on', label: 'Last won on', type: 'date', fieldType: 'date' },
      ],
    },
    deals: {
      properties: [crossReference('salesforce_opportunity_id', 'Salesforce opportunity')],
    },
  },
};
