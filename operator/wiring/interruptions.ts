import type { Log } from '../support/log.ts';

/** The same trouble with the same thing is told again after this long. */
const TELL_AGAIN_MS = 60_000;

/** Logs what an API server denies or how it fails: once a minute for each thing and message, however often it is tried. */
export function interruptions(log: Pick<Log, 'warn'>): (what: string, error: Error) => void {
  const told = new Map<string, number>();
  return (what, { message }) => {
    const now = performance.now();
    for (const [known, at] of told) if (now - at >= TELL_AGAIN_MS) told.delete(known);
    const key = `${what}\n${message}`;
    if (told.has(key)) return;
    told.set(key, now);
    log.warn('API server', { what, error: message });
  };
}
