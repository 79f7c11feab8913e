// What hitherto.min.js is built from: the client, and the engine for a page without a collector.
import { loadInspectorBeside, startFromTag, takeOver } from './client/index.js';
import { loadEngine } from './local.js';

// A worker that imports this script has no document.
const script = (globalThis.document?.currentScript ?? null) as HTMLScriptElement | null;
takeOver(script, (options, settings) => startFromTag(options, settings, { loadEngine, loadInspector: () => loadInspectorBeside(script) }));
