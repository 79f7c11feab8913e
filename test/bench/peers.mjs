// The published clients that ours is measured beside: installed on demand into a folder of their own, and bundled.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const FOLDER = join('node_modules', '.cache', 'hitherto-peers');
const ESBUILD = '0.25.12';

/**
 * Each one: its package, and a script that gives the page `start(endpoint)`, which resolves once it is ready, and
 * `track(name, properties)`. Their settings are their own, but for the address, and for what would load code or
 * settings from the internet, or would send more than what was asked for.
 */
const PEERS = [
  {
    name: 'Customer.io',
    package: '@customerio/cdp-analytics-browser',
    version: '0.5.11',
    script: `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
      let analytics;
      globalThis.start = async (endpoint) => {
        const { host } = new URL(endpoint);
        const integration = { apiKey: 'KEY', apiHost: host + '/v1', protocol: 'http' };
        const cdnSettings = { integrations: { 'Customer.io Data Pipelines': integration } };
        analytics = AnalyticsBrowser.load({ writeKey: 'KEY', cdnSettings }, { integrations: { 'Customer.io Data Pipelines': integration } });
        await analytics;
      };
      globalThis.track = (name, properties) => void analytics.track(name, properties);`,
  },
  {
    name: 'Segment',
    package: '@segment/analytics-next',
    version: '1.84.3',
    script: `import { AnalyticsBrowser } from '@segment/analytics-next';
      let analytics;
      globalThis.start = async (endpoint) => {
        const { host } = new URL(endpoint);
        const integration = { apiKey: 'KEY', apiHost: host + '/v1', protocol: 'http' };
        const cdnSettings = { integrations: { 'Segment.io': integration } };
        analytics = AnalyticsBrowser.load({ writeKey: 'KEY', cdnSettings }, { integrations: { 'Segment.io': integration } });
        await analytics;
      };
      globalThis.track = (name, properties) => void analytics.track(name, properties);`,
  },
  {
    name: 'RudderStack',
    package: '@rudderstack/analytics-js',
    version: '3.34.1',
    script: `import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
      const analytics = new RudderAnalytics();
      globalThis.start = (endpoint) => new Promise((resolve) => {
        const source = { id: 's', name: 's', writeKey: 'KEY', config: {}, enabled: true, workspaceId: 'w', destinations: [], connections: [] };
        analytics.load('KEY', endpoint, { getSourceConfig: () => ({ source: { ...source, dataplanes: {} } }), onLoaded: () => resolve() });
      });
      globalThis.track = (name, properties) => void analytics.track(name, properties);`,
  },
  {
    name: 'Snowplow',
    package: '@snowplow/browser-tracker',
    version: '4.10.1',
    script: `import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker';
      globalThis.start = async (endpoint) => void newTracker('sp', endpoint, { appId: 'shop', encodeBase64: false });
      globalThis.track = (name, data) =>
        trackSelfDescribingEvent({ event: { schema: 'iglu:com.example/' + name + '/jsonschema/1-0-0', data } });`,
  },
  {
    name: 'PostHog',
    package: 'posthog-js',
    version: '1.449.2',
    script: `import posthog from 'posthog-js';
      globalThis.start = (endpoint) => new Promise((resolve) => {
        posthog.init('phc_key', {
          api_host: endpoint, autocapture: false, capture_pageview: false, capture_pageleave: false, advanced_disable_flags: true,
          disable_session_recording: true, disable_surveys: true, disable_external_dependency_loading: true, opt_out_useragent_filter: true,
          rate_limiting: { events_per_second: 1e6, events_burst_limit: 1e6 }, loaded: () => resolve(),
        });
      });
      globalThis.track = (name, properties) => posthog.capture(name, properties);`,
  },
];

/** Ours, as a page pastes it: the built script for a page with a collector. */
export const OURS = {
  name: 'hitherto',
  version: JSON.parse(readFileSync('package.json', 'utf8')).version,
  script: (file = 'dist/hitherto.remote.min.js') => `${readFileSync(file, 'utf8')}
    globalThis.start = async () => globalThis.cioanalytics.ready();
    globalThis.track = (name, properties) => void globalThis.cioanalytics.track(name, properties);`,
};

/**
 * Installs and bundles the others.
 *
 * @param only their names; all of them when absent
 * @returns those that could be had, each with its script; the reason is printed for any other
 */
export function providePeers(only) {
  const wanted = PEERS.filter(({ name }) => !only || only.includes(name));
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(join(FOLDER, 'package.json'))) writeFileSync(join(FOLDER, 'package.json'), '{"private":true}');
  return wanted.flatMap((peer) => {
    try {
      install(peer);
      return [{ ...peer, script: bundle(peer) }];
    } catch (error) {
      console.error(`${peer.name} is left out: ${error.message.split('\n')[0]}`);
      return [];
    }
  });
}

function install({ package: name, version }) {
  const specs = [`${name}@${version}`, `esbuild@${ESBUILD}`];
  const isThere = (spec) => {
    const at = spec.lastIndexOf('@');
    const file = join(FOLDER, 'node_modules', spec.slice(0, at), 'package.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === spec.slice(at + 1);
  };
  if (specs.every(isThere)) return;
  console.error(`Installing ${specs[0]} …`);
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--save-exact', ...specs], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
}

function bundle({ name, script }) {
  const entry = join(FOLDER, `${name}.entry.js`);
  const file = join(FOLDER, `${name}.js`);
  writeFileSync(entry, script);
  const { buildSync } = createRequire(join(process.cwd(), FOLDER, 'package.json'))('esbuild');
  buildSync({ entryPoints: [entry], outfile: file, bundle: true, minify: true, format: 'iife', platform: 'browser', logLevel: 'silent' });
  return readFileSync(file, 'utf8');
}
