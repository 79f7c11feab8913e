import { isLongerThanId } from './limits.js';

/** An email as the name of a person: without regard to case. `undefined` where it can be none, being no text, blank or longer than an id (RULES R21). */
export function emailName(email: unknown): string | undefined {
  if (typeof email !== 'string' || !email.trim()) return undefined;
  const name = `email:${email.trim().toLowerCase()}`;
  return isLongerThanId(name) ? undefined : name;
}
