// A page that a server renders. Server and page know the same visitor, from the first request on.
import { createServer } from 'node:http';
import { visitorOf } from 'hitherto/server';

const { ENDPOINT = 'http://127.0.0.1:4321', WRITE_KEY = 'demo', PORT = '8080' } = process.env;

const server = createServer(async (request, response) => {
  if (request.url !== '/') return void response.writeHead(404).end();
  const visitor = visitorOf(request);
  // Where the law asks for consent, only after it was given.
  visitor.keep(response);
  await track(visitor, 'offerRendered', { offer: 'summer' });
  response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page());
});

/** An event that only the server sees, under the ids that the page has too. */
async function track({ anonymousId, userId }, event, properties) {
  const batch = [{ type: 'track', messageId: crypto.randomUUID(), anonymousId, userId, event, properties, timestamp: new Date().toISOString() }];
  try {
    await fetch(`${ENDPOINT}/v1/b`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ writeKey: WRITE_KEY, batch }) });
  } catch (error) {
    // Tracking never breaks the page.
    console.error(`The collector at ${ENDPOINT} does not answer: ${error.message}`);
  }
}

function page() {
  return `<!doctype html>
<html lang="en">
  <title>Shop</title>
  <link rel="icon" href="data:,">
  <script async src="${ENDPOINT}/hitherto.remote.min.js" data-write-key="${WRITE_KEY}" data-endpoint="${ENDPOINT}" data-auto-page></script>
  <h1>Summer sale</h1>
  <button onclick="cioanalytics.identify('ada', { email: 'ada@example.com' })">Log in as Ada</button>
</html>`;
}

server.listen(Number(PORT), '127.0.0.1', () => console.log(`The shop: http://127.0.0.1:${server.address().port}/`));
