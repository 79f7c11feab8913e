import { call, showWho } from './calls.js';
import { PLANS, SHOES, shoeNamed } from './goods.js';

const shop = document.querySelector('#shop');
const cart = load('yonder.cart') ?? [];
let customer = load('yonder.customer');

// Which collector it is, and with which key, the collector says itself.
const { writeKey } = await (await fetch('config.json')).json();
window.cioanalytics.load(writeKey, { endpoint: new URL('..', location.href).href.replace(/\/$/, '') });

const VIEWS = { '': shelf, shoe: product, club, cart: basket, login };

function show() {
  const [name, argument] = location.hash.replace(/^#\/?/, '').split('/');
  const view = VIEWS[name] ?? shelf;
  shop.replaceChildren(...view(argument));
  for (const link of document.querySelectorAll('nav a')) link.toggleAttribute('data-here', link.hash === `#/${name}`);
  drawHeader();
  scrollTo(0, 0);
}

function shelf() {
  call('page', 'Shop');
  const cards = SHOES.map((shoe) =>
    make('li', {}, make('a', { class: 'card', href: `#/shoe/${shoe.id}` }, picture(shoe), make('b', {}, shoe.name), make('span', {}, money(shoe.price)))),
  );
  return [heading('Shoes for getting there'), make('p', { class: 'lead' }, 'Look around. You need not say who you are.'), make('ul', { class: 'shelf' }, ...cards)];
}

function product(id) {
  const shoe = shoeNamed(id);
  if (!shoe) return shelf();
  call('page', 'Product', { product: shoe.id });
  call('track', 'productViewed', { product: shoe.id, price: shoe.price });
  const sizes = [38, 39, 40, 41, 42, 43, 44].map((size) => make('option', { value: String(size) }, String(size)));
  const size = make('select', { id: 'size' }, ...sizes);
  size.value = '41';
  const add = button('Add to cart', () => {
    cart.push({ id: shoe.id, size: Number(size.value) });
    save('yonder.cart', cart);
    call('track', 'addedToCart', { product: shoe.id, price: shoe.price, size: Number(size.value) });
    drawHeader();
    added.hidden = false;
  });
  const added = make('p', { class: 'note', role: 'status' }, 'It is in your ', make('a', { href: '#/cart' }, 'cart'), '.');
  added.hidden = true;
  return [
    make(
      'article',
      { class: 'product' },
      picture(shoe),
      make('div', {}, heading(shoe.name), make('p', { class: 'price' }, money(shoe.price)), make('p', {}, shoe.text), make('label', { for: 'size' }, 'Size'), size, add, added),
    ),
  ];
}

function club() {
  call('page', 'Pricing');
  call('track', 'pricingViewed');
  const plans = PLANS.map((plan) =>
    make(
      'li',
      { class: 'plan' },
      make('h2', {}, plan.name),
      make('p', { class: 'price' }, plan.price ? `${money(plan.price)} a month` : 'Free'),
      make('p', {}, plan.text),
      button(`Choose ${plan.name}`, () => {
        call('track', 'planChosen', { plan: plan.name, price: plan.price });
        location.hash = customer ? '#/' : '#/login';
      }),
    ),
  );
  return [heading('The Yonder Club'), make('p', { class: 'lead' }, 'Soles wear down. Members get new ones.'), make('ul', { class: 'plans' }, ...plans)];
}

function basket() {
  call('page', 'Cart', { products: cart.length });
  if (cart.length === 0) return [heading('Your cart'), make('p', { class: 'lead' }, 'Empty so far. ', make('a', { href: '#/' }, 'See the shoes'), '.')];
  const total = cart.reduce((sum, { id }) => sum + (shoeNamed(id)?.price ?? 0), 0);
  const rows = cart.map(({ id, size }, at) => {
    const shoe = shoeNamed(id);
    const remove = button('Remove', () => {
      cart.splice(at, 1);
      save('yonder.cart', cart);
      call('track', 'removedFromCart', { product: id });
      show();
    });
    remove.className = 'quiet';
    return make('li', {}, picture(shoe), make('b', {}, shoe.name), make('span', {}, `size ${size}`), make('span', {}, money(shoe.price)), remove);
  });
  const order = customer
    ? button('Place the order', () => {
        call('track', 'orderPlaced', { products: cart.map(({ id }) => id), total });
        cart.length = 0;
        save('yonder.cart', cart);
        drawHeader();
        shop.replaceChildren(heading(`Thank you, ${customer.firstName}`), make('p', { class: 'lead' }, 'No shoes will arrive: this is a demonstration. The event did.'));
      })
    : make('a', { class: 'button', href: '#/login' }, 'Log in to order');
  return [heading('Your cart'), make('ul', { class: 'basket' }, ...rows), make('p', { class: 'total' }, 'Together ', make('b', {}, money(total))), order];
}

function login() {
  call('page', 'Login');
  const firstName = make('input', { id: 'first-name', required: '', autocomplete: 'given-name', value: 'Ada', maxlength: '60' });
  const email = make('input', { id: 'email', type: 'email', required: '', autocomplete: 'email', value: 'ada@example.com', maxlength: '120' });
  const form = make('form', {}, make('label', { for: 'first-name' }, 'First name'), firstName, make('label', { for: 'email' }, 'Email'), email, make('button', { class: 'button' }, 'Log in'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const id = email.value.split('@')[0].toLowerCase();
    customer = { id, firstName: firstName.value };
    save('yonder.customer', customer);
    // The one call that makes everything before it hers.
    call('identify', id, { email: email.value, first_name: firstName.value });
    drawHeader();
    shop.replaceChildren(
      heading(`Welcome, ${customer.firstName}`),
      make('p', { class: 'lead' }, 'Everything you did here before you logged in is yours now.'),
      make('p', { class: 'row' }, make('a', { class: 'button', href: '../', target: '_blank', rel: 'opener' }, 'See it in the activity log'), make('a', { href: '#/' }, 'Back to the shoes')),
    );
  });
  return [heading('Log in'), make('p', { class: 'lead' }, 'Any name will do: there are no passwords here.'), form];
}

function logOut() {
  customer = null;
  save('yonder.customer', null);
  call('reset');
  drawHeader();
  if (location.hash === '#/login') show();
  else location.hash = '#/login';
}

function drawHeader() {
  document.querySelector('#cart-count').textContent = cart.length > 0 ? String(cart.length) : '';
  document.querySelector('#login-link').hidden = Boolean(customer);
  document.querySelector('#logout').hidden = !customer;
  showWho(customer?.id);
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function heading(text) {
  return make('h1', {}, text);
}

function button(text, onClick) {
  const element = make('button', { type: 'button', class: 'button' }, text);
  element.addEventListener('click', onClick);
  return element;
}

function picture({ id, name }) {
  return make('img', { class: `picture ${id}`, src: `shoes/${id}.svg`, alt: name, width: '240', height: '160' });
}

function money(euros) {
  return `€${euros}`;
}

function load(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    // Blocked storage, or text that is not ours: the visit starts afresh.
    return null;
  }
}

function save(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Blocked storage: the cart lasts as long as the page.
  }
}

document.querySelector('#logout').addEventListener('click', logOut);
addEventListener('hashchange', show);
drawHeader();
show();
