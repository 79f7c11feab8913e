// Events from a server: the published SDKs speak the collector's language. An order that Ada has paid becomes an event of hers.
import { Analytics } from '@segment/analytics-node';

const { ENDPOINT = 'http://127.0.0.1:4321', WRITE_KEY = 'demo' } = process.env;
const [person = 'ada', total = '39.95'] = process.argv.slice(2);

const analytics = new Analytics({ writeKey: WRITE_KEY, host: ENDPOINT, maxRetries: 3, httpRequestTimeout: 5_000, httpClient: strictFetch });
analytics.on('error', ({ reason }) => {
  console.error(`The collector at ${ENDPOINT} did not take it: ${reason?.message ?? reason}`);
  process.exitCode = 1;
});

// A messageId of your own makes it harmless to send the same order twice.
analytics.track({ userId: person, event: 'orderPaid', properties: { total: Number(total) }, messageId: `order-${process.env.ORDER ?? Date.now()}` });

await analytics.closeAndFlush();

/** Asked like this, the collector answers a wrong key with a 401. Otherwise it says 200 as the original does, and what is wrong only in the body, which the SDK does not read. */
function strictFetch(url, options) {
  return fetch(url, { ...options, headers: { ...options.headers, 'X-Strict-Mode': '1' } });
}
