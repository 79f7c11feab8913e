import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { atMost, median } from '../measure.mjs';
import { inFolder } from '../places.mjs';
import { createRequests, sendFlatOut } from './load.mjs';
import { startCollector } from './process.mjs';

const STARTS = 5;
const BOMB_BYTES = 1 << 30;
/** Makes Linux forget how much a process had at most. */
const RESET_PEAK = '5';

/** From the command to the line that says it is ready, on a new folder. */
export async function starts() {
  const times = [];
  for (let index = 0; index < STARTS; index++) {
    await inFolder(async (folder) => {
      const collector = await startCollector(join(folder, 'data'));
      times.push(collector.startMs);
      await collector.stop();
    });
  }
  return [atMost(500, median(times), 'from start to ready', ' ms')];
}

/** A gigabyte of blanks, which gzip makes a megabyte of. */
export async function bomb() {
  return inFolder(async (folder) => {
    const collector = await startCollector(join(folder, 'data'));
    await sendFlatOut([collector.home], createRequests(100), { connections: 4, seconds: 1 });
    const body = gzipSync(Buffer.alloc(BOMB_BYTES, ' '));
    const before = collector.memoryMegabytes();
    writeFileSync(`/proc/${collector.pid}/clear_refs`, RESET_PEAK);
    const cpuBefore = collector.cpuSeconds();
    const begun = performance.now();
    const response = await fetch(`${collector.home}/v1/b`, { method: 'POST', body, headers: { 'Content-Encoding': 'gzip' } });
    const { code } = await response.json();
    const seconds = (performance.now() - begun) / 1_000;
    if (code !== 'too_large') throw new Error(`The bomb was answered ${code}.`);
    const found = [
      atMost(32, collector.peakMegabytes() - before, 'a gzip bomb of a gigabyte: memory', ' MB'),
      atMost(1, seconds, 'a gzip bomb of a gigabyte: until it is answered', ' s'),
      atMost(1, collector.cpuSeconds() - cpuBefore, 'a gzip bomb of a gigabyte: CPU', ' s'),
    ];
    await collector.stop();
    return found;
  });
}
