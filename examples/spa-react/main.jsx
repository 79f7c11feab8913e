import { StrictMode, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from 'hitherto';
import { HithertoProvider, useHitherto, usePageViews } from 'hitherto/react';

// Once, outside of any component.
const client = createClient({
  writeKey: import.meta.env.VITE_WRITE_KEY ?? 'demo',
  endpoint: import.meta.env.VITE_ENDPOINT ?? 'http://127.0.0.1:4321',
});

function App() {
  const path = usePath();
  const isCart = path === '/cart';
  const name = isCart ? 'Cart' : 'Shoes';
  // With React Router: usePageViews(useLocation()).
  usePageViews(path, { name });
  return (
    <>
      <title>{name}</title>
      <nav>
        <Link to="/">Shoes</Link> <Link to="/cart">Cart</Link>
      </nav>
      <h1>{name}</h1>
      {isCart ? <LogIn /> : <Shoes />}
    </>
  );
}

function Shoes() {
  const hitherto = useHitherto();
  return <button onClick={() => hitherto.track('addedToCart', { product: 'cool-shoes' })}>Add to cart</button>;
}

/** From here on the cart is Ada's, and the pages that she looked at before. */
function LogIn() {
  const hitherto = useHitherto();
  return <button onClick={() => hitherto.identify('ada', { email: 'ada@example.com' })}>Log in as Ada</button>;
}

/** The least that a router is. */
function usePath() {
  return useSyncExternalStore(
    (changed) => {
      addEventListener('popstate', changed);
      return () => removeEventListener('popstate', changed);
    },
    () => location.pathname,
  );
}

function Link({ to, children }) {
  function follow(event) {
    event.preventDefault();
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }
  return (
    <a href={to} onClick={follow}>
      {children}
    </a>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <HithertoProvider client={client}>
      <App />
    </HithertoProvider>
  </StrictMode>,
);
