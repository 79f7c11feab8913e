// What hitherto.remote.min.js is built from: the client, for a page with a collector.
import { startClient, takeOver } from './client/index.js';

takeOver(document.currentScript as HTMLScriptElement | null, (options) => startClient(options));
