// What hitherto.remote.min.js is built from: the client, for a page with a collector.
import { loadInspectorBeside, startFromTag, takeOver } from './client/index.js';

// A worker that imports this script has no document.
const script = (globalThis.document?.currentScript ?? null) as HTMLScriptElement | null;
takeOver(script, (options, settings) => startFromTag(options, settings, { loadInspector: () => loadInspectorBeside(script) }));
