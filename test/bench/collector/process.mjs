import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Of Linux, on every machine that it is built for. */
const TICKS_PER_SECOND = 100;

const running = new Set();
// Whatever goes wrong here, it does not go on there.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A program in a process of its own, which says on its first line that it is ready. */
export async function start(parameters, env = {}) {
  const begun = performance.now();
  const child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  running.add(child);
  child.on('exit', () => running.delete(child));
  const lines = createInterface(child.stdout);
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => Promise.reject(new Error(`${parameters[0]} did not start.`)))]);
  const startMs = performance.now() - begun;
  return {
    line,
    pid: child.pid,
    startMs,
    /** Seconds of processor, of all its threads. */
    cpuSeconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    memoryMegabytes: () => statusOf(child.pid, 'VmRSS') / 1_024,
    peakMegabytes: () => statusOf(child.pid, 'VmHWM') / 1_024,
    async ask(text) {
      child.stdin.write(`${text}\n`);
      const [answer] = await once(lines, 'line');
      return JSON.parse(answer);
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** The collector, built, as anybody starts it. */
export async function startCollector(data, parameters = []) {
  const started = await start(['dist/cli.js', 'serve', '--port', '0', '--data', data, '--write-key', 'demo', '--admin-token', 'bench-token', '--rate-limit', '0', ...parameters]);
  return { ...started, home: /http:\/\/127\.0\.0\.1:\d+/.exec(started.line)[0] };
}

function statusOf(pid, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
