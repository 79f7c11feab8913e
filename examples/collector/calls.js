// Makes the calls, and lists them beside the shop: so one sees which click makes which call.
const drawer = document.querySelector('#calls');
const list = document.querySelector('#call-list');
const count = document.querySelector('#call-count');
const who = document.querySelector('#who');
let person;

drawer.open = matchMedia('(min-width: 1000px)').matches;

/** Calls `cioanalytics[method](...args)`. While the script is not there yet, the snippet keeps the call. */
export function call(method, ...args) {
  window.cioanalytics[method](...args);
  write(method, args);
}

/** Says as whom the next calls are made. */
export function showWho(id) {
  person = id;
  who.textContent = id ?? 'anonymous';
}

function write(method, args) {
  const line = document.createElement('li');
  const code = document.createElement('code');
  const name = document.createElement('b');
  name.textContent = method;
  code.append(name, `(${args.map(written).join(', ')})`);
  line.append(code);
  line.className = method === 'identify' || method === 'reset' ? method : person ? 'known' : 'anonymous';
  list.prepend(line);
  count.textContent = String(list.children.length);
}

/** As one would write it in the source of a page: `{ product: 'cool-shoes' }`. */
function written(value) {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value).map(([key, inner]) => `${key}: ${written(inner)}`).join(', ')} }`;
}
