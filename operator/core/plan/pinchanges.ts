import { innerPinName, TEMPORARY } from '../ledgerrecord.ts';
import type { ObservedOuterMap } from '../observed.ts';
import type { Step } from './step.ts';

/**
 * What a crash, or somebody, left in the ledger of one outer map: an inner map that is in the outer map under a
 * temporary name is settled; a pin whose inner map is not what the outer map holds at its key proves nothing and goes.
 */
export function pinChanges(
  outer: string,
  found: Pick<ObservedOuterMap, 'entries' | 'pins'>,
): readonly Step[] {
  const ids = idsByPinName(found);
  const steps: Step[] = [];
  for (const [pin, id] of found.pins) {
    const name = pin.endsWith(TEMPORARY) ? pin.slice(0, -TEMPORARY.length) : pin;
    const held = ids.get(name);
    const temporary = pin !== name;
    const settled = found.pins.get(name) === held;
    if (temporary && id === held && !settled) steps.push({ verb: 'settle', outer, from: pin, to: name });
    else if (temporary || (id !== held && !willSettle(name, held, found)))
      steps.push({ verb: 'unlink', outer, pin });
  }
  return steps;
}

/** The settled pin is renamed over the stale one: no separate unlink, which would take away the settled one. */
function willSettle(name: string, held: number | undefined, found: Pick<ObservedOuterMap, 'pins'>): boolean {
  return held !== undefined && found.pins.get(name + TEMPORARY) === held;
}

/** Pin names are the keys in hex, but for long keys, which are named by their digest. */
function idsByPinName(found: Pick<ObservedOuterMap, 'entries'>): ReadonlyMap<string, number> {
  const first = found.entries.keys().next().value;
  if (first === undefined || innerPinName(first) === first) return found.entries;
  return new Map([...found.entries].map(([keyHex, id]) => [innerPinName(keyHex), id]));
}
