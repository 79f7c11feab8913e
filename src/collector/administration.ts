import type { Administration, Ledger } from '../ledger/index.js';
import type { CommandResult } from '../merge/index.js';
import { json, notFound } from './answers.js';
import { readBody } from './body.js';

/** The part of the admin API that explains and changes: what it answers, by method and path. */
export interface AdministrationApi {
  explain(request: Request, messageId: string): Promise<Response>;
  message(request: Request, messageId: string): Promise<Response>;
  preview(request: Request): Promise<Response>;
  segment(name: string): Promise<Response>;
  readSettings(): Promise<Response>;
  changeSettings(request: Request): Promise<Response>;
  erase(id: string): Promise<Response>;
  suppress(id: string): Promise<Response>;
  unsuppress(id: string): Promise<Response>;
  mergePeople(request: Request, primary: string): Promise<Response>;
  undo(anonymousId: string): Promise<Response>;
}

export function createAdministrationApi(ledger: Ledger, now: () => number): AdministrationApi {
  const { administration } = ledger;
  async function ask(work: (administration: Administration) => Promise<Response>): Promise<Response> {
    return administration ? work(administration) : json(501, UNABLE);
  }
  const command = (work: (administration: Administration, at: number) => Promise<CommandResult>): Promise<Response> =>
    ask(async (administration) => answerCommand(await work(administration, now())));

  return {
    explain: (request, messageId) =>
      ask(async ({ explain }) => json(200, await explain(messageId, parameterOf(request, 'anonymousId'), now()))),
    message: (request, messageId) =>
      ask(async ({ message }) => {
        const kept = await message(messageId, parameterOf(request, 'anonymousId'));
        return kept ? json(200, kept) : notFound('No message of this id is kept.');
      }),
    preview: (request) =>
      ask(async ({ preview }) => {
        const [person, anonymousId] = [parameterOf(request, 'person'), parameterOf(request, 'anonymousId')];
        if (person === undefined || anonymousId === undefined) return json(400, NO_PREVIEW);
        return json(200, await preview(person, anonymousId, now()));
      }),
    segment: (name) =>
      ask(async ({ segment }) => {
        const state = await segment(name, now());
        return state ? json(200, state) : notFound('There is no segment of this name; segments are what the ledger was opened with.');
      }),
    readSettings: () => ask(async ({ settings }) => json(200, await settings())),
    changeSettings: (request) =>
      ask(async ({ changeSettings }) => {
        const { body = {} } = await readBody(request);
        const { anonymousEventMerge, ...unknown } = body;
        if (typeof anonymousEventMerge !== 'boolean' || Object.keys(unknown).length > 0) return json(400, BAD_SETTINGS);
        return json(200, await changeSettings({ anonymousEventMerge }, now()));
      }),
    erase: (id) => command(({ deletePerson }, at) => deletePerson(id, at)),
    suppress: (id) => command(({ suppress }, at) => suppress(id, at)),
    unsuppress: (id) => command(({ unsuppress }, at) => unsuppress(id, at)),
    mergePeople: (request, primary) =>
      ask(async (administration) => {
        const { body } = await readBody(request);
        const secondary = body?.['secondary'];
        if (typeof secondary !== 'string' || secondary.trim() === '') return json(400, NO_SECONDARY);
        return answerCommand(await administration.mergePeople(primary, secondary, now()));
      }),
    undo: (anonymousId) => command(({ undoMerge }, at) => undoMerge(anonymousId, at)),
  };
}

function answerCommand(result: CommandResult): Response {
  if (result.done) return json(200, { done: true });
  return json(result.code === 'nobody' || result.code === 'no_merge' ? 404 : 409, { code: result.code, message: result.message });
}

function parameterOf(request: Request, name: string): string | undefined {
  return new URL(request.url).searchParams.get(name) || undefined;
}

const UNABLE = { code: 'no_administration', message: 'The ledger of this collector only takes in and shows; it explains and changes nothing.' };
const NO_PREVIEW = { code: 'bad_preview', message: 'A preview needs both: ?person=ID&anonymousId=ID.' };
const BAD_SETTINGS = { code: 'bad_settings', message: 'Settings are { "anonymousEventMerge": true } or false.' };
const NO_SECONDARY = { code: 'bad_merge', message: 'Say who becomes the same person: { "secondary": "their id" }.' };
