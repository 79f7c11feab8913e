import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What a webhook was told, once its signature was found to be good. */
export interface Told {
  id: string;
  type: string;
  timestamp: string;
  data: { campaign: string; person: string; messageId: string; event?: string; occurredAt: string };
}

/** Somebody's server that takes webhooks, and checks them with the library that is meant for it. */
export interface WebhookReceiver {
  url: string;
  /** What it has taken, in order. */
  taken: Told[];
  /** The ids of all requests, in order. */
  asked: string[];
  /** What it answers to each; 200 while nothing else is said. */
  answer(status: (told: Told) => number): void;
  close(): Promise<void>;
}

export async function webhookReceiver(): Promise<WebhookReceiver> {
  const taken: Told[] = [];
  const asked: string[] = [];
  let statusOf: (told: Told) => number = () => 200;
  const webhook = new Webhook(SECRET);

  const server = createServer((request, response) => {
    void statusFor(request).then((status) => response.writeHead(status, { Location: '/elsewhere' }).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  async function statusFor(request: IncomingMessage): Promise<number> {
    const body = await text(request);
    try {
      const told = { ...(webhook.verify(body, request.headers as Record<string, string>) as Told), id: String(request.headers['webhook-id']) };
      asked.push(told.id);
      const status = statusOf(told);
      if (status === 200) taken.push(told);
      return status;
    } catch {
      return 401;
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken,
    asked,
    answer(status) {
      statusOf = status;
    },
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
