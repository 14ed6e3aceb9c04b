import type { DestinationFactory } from '../engine/words/connection.ts';
import { hubspot } from './hubspot.ts';
import { salesforce } from './salesforce.ts';

/** Every destination by the name people write after `type:`. */
export const destinations: Readonly<Record<string, DestinationFactory>> = { hubspot, salesforce };
