import type { Fault } from '../wire/index.js';

/** A JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
  });
}

export function notFound(message: string): Response {
  return json(404, { code: 'not_found', message });
}

/** @param allow the methods that do work here, as in the header */
export function wrongMethod(allow: string): Response {
  return json(405, { code: 'wrong_method', message: `This address answers ${allow}.` }, { Allow: allow });
}

/** A request of the Pipelines API of which nothing was stored. */
export function refusal(status: number, { code, message }: Fault, headers: Record<string, string> = {}): Response {
  return json(status, { success: false, code, message }, headers);
}

/** The same answer, without its body when the asker has it already. */
export function unlessKnown(request: Request, response: Response): Response {
  const etag = response.headers.get('ETag');
  const known = request.headers.get('If-None-Match');
  if (!etag || !known || response.status !== 200) return response;
  const isKnown = known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  return isKnown ? new Response(null, { status: 304, headers: response.headers }) : response;
}
