import type { Ledger } from '../ledger/index.js';
import { json } from './answers.js';

/** So many are in memory at a time, however many there are. */
const PIECE_MESSAGES = 500;

/** `GET /api/export`: every message that is kept, one a line, oldest first; read as fast as it is taken. */
export function exportFrom({ messages }: Pick<Ledger, 'messages'>): Response {
  if (!messages) return json(501, { code: 'no_export', message: 'The ledger of this collector only takes in and shows; it gives nothing out as a whole.' });
  const encoder = new TextEncoder();
  let after: string | null | undefined;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (after === null) return controller.close();
      const page = await messages({ limit: PIECE_MESSAGES, ...(after !== undefined && { after }) });
      after = page.next;
      if (page.items.length > 0) controller.enqueue(encoder.encode(page.items.map((item) => `${JSON.stringify(item)}\n`).join('')));
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'application/x-ndjson; charset=utf-8', 'Cache-Control': 'no-store', 'Content-Disposition': 'attachment; filename="hitherto.ndjson"' } });
}
