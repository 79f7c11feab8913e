// What hitherto.classic.min.js is built from: the classic script's `_cio`, over the client.
import { startDropIn } from './client/index.js';
import { takeOverClassic } from './integrations/classic.js';

const script = (globalThis.document?.currentScript ?? globalThis.document?.getElementById('cio-tracker') ?? null) as HTMLScriptElement | null;
takeOverClassic(script?.dataset ?? {}, startDropIn);
