import type { ExtractorFactory } from '../engine/words/connection.ts';
import { hubspot } from './hubspot.ts';
import { salesforce } from './salesforce.ts';

/** Every source by the name people write after `type:`. */
export const extractors: Readonly<Record<string, ExtractorFactory>> = { hubspot, salesforce };
