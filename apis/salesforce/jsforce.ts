/**
 * All that is used of jsforce. The build bundles this file: what jsforce brings along for browsers,
 * prompts and old engines is 110 MB that users need not install. Loaded where Salesforce is called.
 */
export { Connection } from 'jsforce/lib/connection.js';
export { OAuth2 } from 'jsforce/lib/oauth2.js';
export type { Transport } from 'jsforce/lib/transport.js';
export type { HttpRequest, HttpResponse } from 'jsforce/lib/types/common.js';
export { StreamPromise } from 'jsforce/lib/util/promise.js';
