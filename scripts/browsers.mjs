// Where the tests find their browsers, and how they get them on a machine that has none.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';

/** Without a sandbox, because the tests may run as root; without the services of a browser for people. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A site with subdomains, for cookies.
  '--host-resolver-rules=MAP *.example.test 127.0.0.1',
];

/** Each browser: the variable that names another copy of it, the places to look in, the Debian packages that bring it. */
const BROWSERS = {
  chromium: {
    variable: 'CHROMIUM',
    places: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ],
    packages: ['chromium'],
  },
  firefox: {
    variable: 'FIREFOX',
    places: ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
    packages: ['firefox-esr'],
  },
  webkit: {
    // WebKitGTK's own small browser: Safari's engine, and the same storage.
    variable: 'MINIBROWSER',
    places: ['/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser'],
    packages: ['libwebkit2gtk-4.1-0', 'xvfb', 'xauth'],
  },
};

/** The path of a browser on this machine, or `undefined`. Where somebody has named one, no other will do. */
export function findBrowser(name) {
  const { variable, places } = BROWSERS[name];
  const named = process.env[variable];
  return (named ? [named] : places).find((place) => existsSync(place));
}

/**
 * Sees to it that a browser is there: installs it on Debian and Ubuntu when run as root, and says what to do anywhere else.
 *
 * @returns its path, or `undefined` when it is missing and could not be installed
 */
export function provideBrowser(name) {
  const found = findBrowser(name);
  if (found) return found;
  const { variable, packages } = BROWSERS[name];
  if (!process.env[variable] && canInstall()) {
    console.log(`Installing ${packages.join(', ')} for the tests (apt-get) …`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      apt('update', '-qq');
      apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
    } catch (error) {
      console.error(`apt-get could not install it: ${error.message}`);
    }
  }
  return findBrowser(name);
}

/** What a person has to do to get a browser. */
export function howToInstall(name) {
  const { variable, packages } = BROWSERS[name];
  return platform() === 'linux' || name === 'webkit'
    ? `Install it (Debian, Ubuntu: sudo apt-get install ${packages.join(' ')}), or set ${variable} to the path of one you have.`
    : `Install ${name === 'chromium' ? 'Google Chrome or Chromium' : 'Firefox'}, or set ${variable} to the path of one you have.`;
}

function canInstall() {
  return platform() === 'linux' && process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
}
