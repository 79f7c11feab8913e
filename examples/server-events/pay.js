// Events from a server: the published SDKs speak the collector's language. An order that Ada has paid becomes an event of hers.
import { Analytics } from '@segment/analytics-node';

const { ENDPOINT = 'http://127.0.0.1:4321', WRITE_KEY = 'demo' } = process.env;
const [person = 'ada', total = '39.95'] = process.argv.slice(2);

const analytics = new Analytics({ writeKey: WRITE_KEY, host: ENDPOINT, maxRetries: 3, httpRequestTimeout: 5_000 });
analytics.on('error', ({ reason }) => {
  console.error(`The collector at ${ENDPOINT} did not take it: ${reason?.message ?? reason}`);
  process.exitCode = 1;
});

// A messageId of your own makes it harmless to send the same order twice.
analytics.track({ userId: person, event: 'orderPaid', properties: { total: Number(total) }, messageId: `order-${process.env.ORDER ?? Date.now()}` });

await analytics.closeAndFlush();
