// The package types its door only; through the door comes every store that it knows, and with them the built-in modules of Node.
declare module 'rate-limiter-flexible/lib/RateLimiterMemory.js' {
  export { RateLimiterMemory as default } from 'rate-limiter-flexible';
}
