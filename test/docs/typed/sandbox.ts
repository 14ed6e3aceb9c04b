import { startSalesforceSandbox } from '../../../sandbox/salesforce/sandbox.ts';

const sandbox = await startSalesforceSandbox({ seed: 1, dailyCalls: 500 });
sandbox.load('Account', [{ Name: 'Acme' }]);
sandbox.faults.set({ seed: 7, probability: { lost_reply: 0.1 } });
await sandbox.close();
