// @vitest-environment node
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callPage, createEmitter } from '../../../src/client/emitter.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('an emitter', () => {
  it('tells those who listen to an event, in the order in which they came, and nobody else', () => {
    const { on, emit } = createEmitter();
    const heard: string[] = [];
    on('track', (name) => heard.push(`first ${String(name)}`));
    on('track', (name) => heard.push(`second ${String(name)}`));
    on('page', () => heard.push('page'));
    emit('track', 'addedToCart');
    expect(heard).toEqual(['first addedToCart', 'second addedToCart']);
  });

  it('tells those who come in the same breath as the start what happened at the start, and later ones nothing', async () => {
    const { on, emit } = createEmitter();
    const [soon, late] = [vi.fn(), vi.fn()];
    emit('page', 'Home');
    on('page', soon);
    await Promise.resolve();
    on('page', late);
    await Promise.resolve();
    expect(soon.mock.calls).toEqual([['Home']]);
    expect(late).not.toHaveBeenCalled();
  });

  it('hands on everything that it is given', () => {
    const { on, emit } = createEmitter();
    const listener = vi.fn<(...values: unknown[]) => void>();
    on('track', listener);
    emit('track', 'a', { b: 1 }, null);
    expect(listener).toHaveBeenCalledWith('a', { b: 1 }, null);
  });

  it('tells once those who want it once', () => {
    const { once, emit } = createEmitter();
    const listener = vi.fn<(...values: unknown[]) => void>();
    once('ready', listener);
    emit('ready');
    emit('ready');
    expect(listener).toHaveBeenCalledOnce();
  });

  it('tells once even when telling makes it happen again', () => {
    const { once, emit } = createEmitter();
    const listener = vi.fn<() => void>(() => emit('ready'));
    once('ready', listener);
    emit('ready');
    expect(listener).toHaveBeenCalledOnce();
  });

  it('forgets who wants to hear no more, of that event only', () => {
    const { on, off, emit } = createEmitter();
    const listener = vi.fn<(...values: unknown[]) => void>();
    on('track', listener);
    on('page', listener);
    off('track', listener);
    emit('track');
    expect(listener).not.toHaveBeenCalled();
    emit('page');
    expect(listener).toHaveBeenCalledOnce();
  });

  it('tells all of them though one leaves while it is told', () => {
    const { on, off, emit } = createEmitter();
    const leaving = (): void => off('track', leaving);
    const staying = vi.fn<(...values: unknown[]) => void>();
    on('track', leaving);
    on('track', staying);
    emit('track');
    expect(staying).toHaveBeenCalledOnce();
  });

  it('is not stopped by a listener that throws; its error comes up as the page\'s own', () => {
    vi.useFakeTimers();
    const { on, emit } = createEmitter();
    const next = vi.fn<(...values: unknown[]) => void>();
    on('track', () => {
      throw new Error('of the page');
    });
    on('track', next);
    emit('track');
    expect(next).toHaveBeenCalledOnce();
    expect(() => vi.runAllTimers()).toThrow('of the page');
  });
});

describe('callPage', () => {
  it('calls at once, with everything it is given', () => {
    const fn = vi.fn<(...values: unknown[]) => void>();
    callPage(fn, 1, 'two');
    expect(fn).toHaveBeenCalledWith(1, 'two');
  });
});
