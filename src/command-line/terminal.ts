/** Whether somebody looks at it: a program that reads it wants neither colours nor progress. */
function isSeen(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Faint, where it is seen. */
export function faint(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isSeen(stream) ? `\u001B[2m${text}\u001B[22m` : text;
}

export function strong(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isSeen(stream) ? `\u001B[1m${text}\u001B[22m` : text;
}

/**
 * How far long work is: one line that is written over, and nothing where nobody sees it.
 *
 * @param beside what the work writes to: on the same terminal, one would stand in the way of the other
 */
export function createProgress(tell: (count: number) => string, beside?: NodeJS.WriteStream): { add(count: number): void; end(): void } {
  const stream = process.stderr;
  const isShown = isSeen(stream) && !beside?.isTTY;
  let total = 0;
  return {
    add(count) {
      total += count;
      if (isShown) stream.write(`\r\u001B[2K${tell(total)}`);
    },
    end() {
      if (isShown && total > 0) stream.write('\r\u001B[2K');
    },
  };
}

/** What strangers have sent gives a terminal no orders. */
export function shown(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}/gu, '\ufffd');
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
