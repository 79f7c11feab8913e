// What a page could do with no client at all: the least that storing an event, or sending it, can cost.

/** About what a track call of ours comes to, serialised. */
const MESSAGE = `const message = (id) => JSON.stringify({
  type: 'track', messageId: id, anonymousId: '0123456789abcdefghijk', userId: null, event: 'addedToCart', properties: { id }, integrations: {},
  timestamp: new Date().toISOString(), context: { page: { path: location.pathname, url: location.href, title: document.title } },
});`;

/** One put an event into an open database, committed when the browser sees fit. Nothing is sent. */
export const BARE_PUT = {
  name: 'bare put',
  script: `${MESSAGE}
    let database;
    let stored = 0;
    globalThis.start = () => new Promise((resolve, reject) => {
      const opening = indexedDB.open('bare', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('events');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => { database = opening.result; resolve(); };
    });
    globalThis.track = (name, { id }) => {
      const transaction = database.transaction('events', 'readwrite');
      transaction.objectStore('events').put(message(id), id);
      transaction.oncomplete = () => { stored++; };
    };
    globalThis.storedSoFar = () => stored;`,
};

/** One request an event. Nothing is stored. */
export const BARE_FETCH = {
  name: 'bare fetch',
  script: `${MESSAGE}
    let endpoint;
    globalThis.start = async (address) => { endpoint = address; };
    globalThis.track = (name, { id }) => {
      fetch(endpoint, { method: 'POST', body: message(id), headers: { 'Content-Type': 'text/plain' }, keepalive: true }).catch(() => {});
    };`,
};
