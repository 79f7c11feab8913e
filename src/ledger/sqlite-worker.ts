// What runs in the threads of openSqliteLedger: a ledger, and the calls of its methods.
import { parentPort, workerData } from 'node:worker_threads';
import type { Outcome } from '../merge/index.js';
import { createPost, packError, type Answer, type Call } from './sqlite/calls.js';
import { createSqliteLedger, type SqliteLedgerOptions } from './sqlite/ledger.js';
import { withoutOrdinary } from './sqlite/outcomes.js';
import type { RequestTime } from './ledger.js';

type Methods = Record<string, (...parameters: never[]) => unknown>;

const post = createPost<Answer>(parentPort!);
let methods: Methods = { open };

parentPort!.on('message', (calls: Call[]) => {
  for (const call of calls) void answer(call);
});

async function answer({ id, method, parameters }: Call): Promise<void> {
  try {
    post({ id, result: await methods[method]!(...(parameters as never[])) });
  } catch (error) {
    post({ id, fault: packError(error) });
  }
}

function open(): void {
  const { ledger, appendTexts } = createSqliteLedger(workerData as SqliteLedgerOptions);
  const { administration, triggers, ...others } = ledger;
  const append = async (texts: string[], at: RequestTime): Promise<(Outcome | null)[]> => withoutOrdinary(await appendTexts(texts, at));
  methods = { ...others, ...administration, ...triggers, append } as Methods;
}
