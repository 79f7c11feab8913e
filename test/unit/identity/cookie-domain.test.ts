// @vitest-environment node
import { describe, expect, it, vi } from 'vitest';
import { widestCookieDomain } from '../../../src/identity/cookie-domain.js';

/** A browser that refuses domains which belong to everybody. */
const refuses = (...everybodys: string[]) => vi.fn<(domain: string) => boolean>((domain) => !everybodys.includes(domain));

describe('widestCookieDomain', () => {
  it('is shared by www and app', () => {
    expect(widestCookieDomain('www.example.com', refuses('com'))).toBe('example.com');
    expect(widestCookieDomain('app.shop.example.com', refuses('com'))).toBe('example.com');
    expect(widestCookieDomain('example.com', refuses('com'))).toBe('example.com');
  });

  it('is never one that belongs to everybody', () => {
    expect(widestCookieDomain('shop.example.co.uk', refuses('uk', 'co.uk'))).toBe('example.co.uk');
    expect(widestCookieDomain('somebody.github.io', refuses('io', 'github.io'))).toBe('somebody.github.io');
  });

  it('is not tried on a top-level domain', () => {
    const canSet = refuses('com');
    widestCookieDomain('www.example.com', canSet);
    expect(canSet).not.toHaveBeenCalledWith('com');
  });

  it.each(['localhost', '127.0.0.1', '192.168.0.17', '[::1]', '', 'intranet'])('does not exist on %j', (hostname) => {
    const canSet = refuses();
    expect(widestCookieDomain(hostname, canSet)).toBeUndefined();
    expect(canSet).not.toHaveBeenCalled();
  });

  it('does not exist where the browser takes no cookie at all', () => {
    expect(widestCookieDomain('www.example.com', () => false)).toBeUndefined();
  });
});
