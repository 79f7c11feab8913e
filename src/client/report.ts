/** Something the page's developer should know. */
export interface ClientError {
  /** Stable, for programs. */
  code: string;
  /** What is wrong, and what to do. */
  message: string;
  /** The error behind it, if there is one. */
  cause?: unknown;
}

/** Tells the page's developer, once for each code and message: in the console, and through `onError`. */
export type Report = (code: string, message: string, cause?: unknown) => undefined;

export function createReport(onError: (error: ClientError) => void): Report {
  const told = new Set<string>();
  return (code, message, cause) => {
    if (told.has(code + message)) return undefined;
    told.add(code + message);
    console.error(`hitherto: ${message}`);
    onError({ code, message, ...(cause !== undefined && { cause }) });
    return undefined;
  };
}
