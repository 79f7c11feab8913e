import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a ledger and its database, and cuts the line when told to. */
export interface SeveringProxy {
  /** The same database, through the proxy. */
  url: string;
  /** Cuts the line once, in place of the n-th answer from now that contains this: what it answers has been done, and nobody is told. */
  severAt(answer: string, nth: number): void;
  severed(): boolean;
  close(): Promise<void>;
}

export async function severingProxy(url: string): Promise<SeveringProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let awaited: string | undefined;
  let left = 0;
  let isSevered = false;

  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    for (const [socket, other] of [[client, database], [database, client]] as const) {
      sockets.add(socket);
      socket.on('close', () => other.destroy());
      // A line that is cut is what this is for.
      socket.on('error', () => other.destroy());
    }
    client.pipe(database);
    database.on('data', (data) => {
      if (awaited !== undefined && data.includes(awaited) && --left === 0) {
        awaited = undefined;
        isSevered = true;
        database.destroy();
        return;
      }
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    severAt(answer, nth) {
      awaited = answer;
      left = nth;
    },
    severed: () => isSevered,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
