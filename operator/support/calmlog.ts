import { Allowance } from '../timing/allowance.ts';
import type { Clock } from '../timing/clock.ts';
import type { Fields, Log } from './log.ts';

/** So many lines of a kind come at once; after that one in this time. */
const LINES = { burst: 10, everyMs: 1_000 } as const;

/** The last line of a kind that was not written yet, and how many came before it. */
interface Held {
  message: string;
  fields: Fields | undefined;
  more: number;
}

/**
 * A log that others cannot flood: a map that is fought over, a tenant who edits in a loop, an API server that refuses. Of
 * each kind of line there is one a second at most after the first ten; of what comes meanwhile the last is written, and
 * says how many `more` there were.
 */
export function calmLog(log: Log, clock: Clock): Log {
  const allowance = new Allowance(clock, LINES);
  const held = new Map<string, Held>();
  const writer =
    (level: keyof Log): Log[keyof Log] =>
    (message, fields, kind = message) => {
      const name = `${level} ${kind}`;
      const waiting = held.get(name);
      if (waiting !== undefined) Object.assign(waiting, { message, fields, more: waiting.more + 1 });
      else if (allowance.take(name)) log[level](message, fields);
      else {
        held.set(name, { message, fields, more: 0 });
        void clock.sleep(LINES.everyMs).then(() => {
          const last = held.get(name)!;
          held.delete(name);
          allowance.take(name);
          log[level](last.message, last.more === 0 ? last.fields : { ...last.fields, more: last.more });
        });
      }
    };
  return { error: writer('error'), warn: writer('warn'), info: writer('info') };
}
