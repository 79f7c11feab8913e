import { createApp, computed, ref, watchEffect } from 'vue';
import { createClient } from 'hitherto';
import { createHitherto, useHitherto } from 'hitherto/vue';

const client = createClient({
  writeKey: import.meta.env.VITE_WRITE_KEY ?? 'demo',
  endpoint: import.meta.env.VITE_ENDPOINT ?? 'http://127.0.0.1:4321',
  // With vue-router: leave this out, and give the router to createHitherto({ client, router }).
  autoPage: true,
});

const App = {
  setup() {
    const hitherto = useHitherto();
    const path = ref(location.pathname);
    const name = computed(() => (path.value === '/cart' ? 'Cart' : 'Shoes'));
    watchEffect(() => (document.title = name.value));

    /** The least that a router is. */
    function go(to) {
      history.pushState(null, '', to);
      path.value = to;
    }

    // From here on the cart is Ada's, and the pages that she looked at before.
    const logIn = () => hitherto.identify('ada', { email: 'ada@example.com' });
    return { go, logIn, name };
  },
  template: `
    <nav>
      <a href="/" @click.prevent="go('/')">Shoes</a> <a href="/cart" @click.prevent="go('/cart')">Cart</a>
    </nav>
    <h1>{{ name }}</h1>
    <button v-if="name === 'Cart'" @click="logIn">Log in as Ada</button>
    <button v-else @click="$hitherto.track('addedToCart', { product: 'cool-shoes' })">Add to cart</button>`,
};

createApp(App).use(createHitherto({ client })).mount('#app');
