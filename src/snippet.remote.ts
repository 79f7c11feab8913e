// What hitherto.remote.min.js is built from: the client, for a page with a collector.
import { startClient, takeOver } from './client/index.js';

// A worker that imports this script has no document.
takeOver((globalThis.document?.currentScript ?? null) as HTMLScriptElement | null, (options) => startClient(options));
