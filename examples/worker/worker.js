import { createCollector } from 'hitherto/collector';
import { memoryLedger } from 'hitherto/ledger';

let collector;

export default {
  /** What Cloudflare Workers, Deno (`deno serve`) and Bun call for each request. */
  fetch(request, env = {}) {
    // At the first request: before it, some of them allow neither timers nor random numbers.
    collector ??= createCollector({
      ledger: memoryLedger(),
      writeKeys: [env.WRITE_KEY ?? 'demo'],
      // Without it nobody reads or administers anything.
      ...(env.ADMIN_TOKEN && { adminToken: env.ADMIN_TOKEN }),
    });
    return collector.fetch(request, { address: request.headers.get('CF-Connecting-IP') ?? undefined });
  },
};
