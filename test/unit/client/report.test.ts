// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { createReport } from '../../../src/client/report.js';

let consoleError: MockInstance<typeof console.error>;

beforeEach(() => {
  consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a report', () => {
  it('is one line in the console, and a code for programs', () => {
    const onError = vi.fn<(...values: unknown[]) => void>();
    createReport(onError)('no_event', 'track() needs a name.');
    expect(consoleError.mock.calls).toEqual([['hitherto: track() needs a name.']]);
    expect(onError).toHaveBeenCalledWith({ code: 'no_event', message: 'track() needs a name.' });
  });

  it('is made once, however often it happens', () => {
    const onError = vi.fn<(...values: unknown[]) => void>();
    const report = createReport(onError);
    for (let i = 0; i < 100; i++) report('no_event', 'track() needs a name.');
    expect(consoleError).toHaveBeenCalledOnce();
    expect(onError).toHaveBeenCalledOnce();
  });

  it('is made again for another thing, or another client', () => {
    const report = createReport(() => {});
    report('no_event', 'a');
    report('no_event', 'b');
    report('no_group_id', 'a');
    createReport(() => {})('no_event', 'a');
    expect(consoleError).toHaveBeenCalledTimes(4);
  });

  it('names the error behind it, for programs', () => {
    const onError = vi.fn<(...values: unknown[]) => void>();
    const cause = new Error('QuotaExceededError');
    createReport(onError)('storage_unavailable', 'no storage', cause);
    expect(onError).toHaveBeenCalledWith({ code: 'storage_unavailable', message: 'no storage', cause });
  });
});
