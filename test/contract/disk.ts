import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startCollector, type CollectorProcess } from './collector-process.js';

/** A collector on a disk that can be filled up. */
export interface OnDisk {
  collector: CollectorProcess;
  /** Where the collector's data can be seen from here. */
  data: string;
  /** Leaves room for so many bytes, and no more. */
  fill(roomBytes: number): Promise<void>;
  free(): Promise<void>;
}

const BLOCK_BYTES = 4096;
const DISK_BYTES = 64 * 1024 * 1024;
// In a mount namespace of its own, which needs no root where the system lets users have namespaces, and which is gone
// with the collector however that ends.
const NAMESPACE = ['unshare', '--map-root-user', '--mount', 'sh', '-c'];
const MOUNT = `mount -t tmpfs -o size=${DISK_BYTES} none "$0"`;

/** Whether this system lets us mount: not on a Mac, nor in most containers. */
export function canMount(folder: string): boolean {
  const [command, ...parameters] = NAMESPACE;
  return spawnSync(command!, [...parameters, MOUNT, folder]).status === 0;
}

/** A real file system of its own: its ENOSPC is that of any disk. */
export function onFileSystem(folder: string): OnDisk {
  const collector = startCollector(folder, [...NAMESPACE, `${MOUNT} && exec "$@"`, folder, process.execPath]);
  const data = join('/proc', String(collector.child.pid), 'root', folder);
  const filler = join(data, 'filler');
  return {
    collector,
    data,
    async fill(roomBytes) {
      // Up to the last block, then back: what remains is the room.
      const blocks = writeBlocks(filler);
      rmSync(filler);
      writeBlocks(filler, blocks - roomBytes / BLOCK_BYTES);
    },
    free: async () => rmSync(filler),
  };
}

/** A limit of SQLite's, for where nothing can be mounted: as full, but only to SQLite. */
export function onLimitedPages(folder: string): OnDisk {
  const collector = startCollector(folder, [process.execPath, '--import', resolve('test/contract/page-limit.mjs')], 'ipc');
  async function limit(freePages: number | null): Promise<void> {
    const done = once(collector.child, 'message');
    collector.child.send({ freePages });
    await done;
  }
  return { collector, data: folder, fill: (roomBytes) => limit(roomBytes / BLOCK_BYTES), free: () => limit(null) };
}

/** @returns how many there was room for */
function writeBlocks(file: string, limit = Infinity): number {
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const descriptor = openSync(file, 'w');
  try {
    for (let blocks = 0; blocks < limit; blocks++) if (!isWritten(descriptor, block)) return blocks;
    return limit;
  } finally {
    closeSync(descriptor);
  }
}

function isWritten(descriptor: number, block: Buffer): boolean {
  try {
    return writeSync(descriptor, block) === block.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
