import { randomUUID } from 'node:crypto';

/** Messages of about 500 bytes, as JSON: what a page sends, ten events a visitor. */
export function messageTexts(count) {
  let visitor = '';
  return Array.from({ length: count }, (_, index) => {
    if (index % 10 === 0) visitor = randomUUID();
    const at = new Date(1.79e12 + index * 1000).toISOString();
    return JSON.stringify({
      type: 'track',
      messageId: randomUUID().slice(0, 21),
      anonymousId: visitor,
      event: 'addedToCart',
      properties: { sku: `sku-${index % 500}`, price: 19.9, currency: 'EUR', quantity: 1, list: 'search' },
      context: {
        page: { path: '/shop/search', title: 'Search', url: 'https://shop.example/shop/search?q=boots' },
        library: { name: 'hitherto', version: '0.1.0' },
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36',
      },
      timestamp: at,
    });
  });
}

export function identify(userId, anonymousId) {
  return { type: 'identify', messageId: `identify-${userId}`, userId, anonymousId, traits: { plan: 'pro' } };
}
