// What hitherto.min.js is built from: the client, and the engine for a page without a collector.
import { startClient, takeOver } from './client/index.js';
import { loadEngine } from './local.js';

// A worker that imports this script has no document.
takeOver((globalThis.document?.currentScript ?? null) as HTMLScriptElement | null, (options) => startClient(options, loadEngine));
