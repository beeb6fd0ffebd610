import { innerPinFile, settledName } from '../../ledger/innerpin.ts';
import { innerPinName, TEMPORARY } from '../../ledgerrecord.ts';
import type { ObservedOuterMap } from '../../observed.ts';
import type { Step } from '../step.ts';

/**
 * Repairs the ledger of one outer map after a crash or a change by somebody else: an inner map of the outer map gets its
 * final pin name; a pin whose inner map is not at its key in the outer map proves nothing and is removed.
 */
export function pinChanges(
  outer: string,
  found: Pick<ObservedOuterMap, 'entries' | 'pins' | 'sharers'>,
): readonly Step[] {
  const ids = idsByPinName(found);
  const steps: Step[] = [];
  const fileOf = (pin: string) => innerPinFile(pin, found.sharers.get(pin));
  for (const [pin, id] of found.pins) {
    // As nearly all are: no temporary name is a key's
    if (ids.get(pin) === id) continue;
    const name = settledName(pin);
    const held = ids.get(name);
    const temporary = pin !== name;
    const settled = found.pins.get(name) === held;
    if (temporary && id === held && !settled) {
      const to = innerPinFile(name, found.sharers.get(pin));
      // Before, as two names of one key would tell two owners
      if (found.pins.has(name) && fileOf(name) !== to)
        steps.push({ verb: 'unlink', outer, pin: fileOf(name) });
      steps.push({ verb: 'settle', outer, from: fileOf(pin), to });
    } else if (temporary || (id !== held && !willSettle(name, held, found)))
      steps.push({ verb: 'unlink', outer, pin: fileOf(pin) });
  }
  return steps;
}

/** Settling renames a pin over the stale one. A separate unlink would remove the settled pin. */
function willSettle(name: string, held: number | undefined, found: Pick<ObservedOuterMap, 'pins'>): boolean {
  return held !== undefined && found.pins.get(name + TEMPORARY) === held;
}

/** Pin names are the keys in hex. Long keys are named by their digest. */
function idsByPinName(found: Pick<ObservedOuterMap, 'entries'>): ReadonlyMap<string, number> {
  const first = found.entries.keys().next().value;
  if (first === undefined || innerPinName(first) === first) return found.entries;
  return new Map([...found.entries].map(([keyHex, id]) => [innerPinName(keyHex), id]));
}
