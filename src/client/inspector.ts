import type { OpenInspector } from './types.js';

const FILE = 'hitherto-activity.min.js';

/** Brings the inspector from beside the script that brought the client. */
export async function loadInspectorBeside(script: HTMLScriptElement | null): Promise<OpenInspector> {
  const page = globalThis as { HithertoActivity?: { openInspector: OpenInspector } };
  if (!page.HithertoActivity) {
    const tag = document.createElement('script');
    tag.src = new URL(FILE, script?.src || location.href).href;
    // A page whose policy goes by nonces has given one to our own tag.
    if (script?.nonce) tag.nonce = script.nonce;
    await new Promise((resolve, reject) => {
      tag.addEventListener('load', resolve);
      tag.addEventListener('error', () => reject(new Error(`${tag.src} did not load; it has to lie beside the client's script`)));
      document.head.append(tag);
    });
  }
  return page.HithertoActivity!.openInspector;
}
