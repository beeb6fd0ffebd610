import type { Reason } from '../../api/reason.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import { type LedgerRecord, recordText } from '../ledgerrecord.ts';
import { isArray, type MapSpec, mapSpecText, sameFlags } from '../mapspec.ts';
import type { ObservedOuterMap, ObservedPin } from '../observed.ts';
import type { Step } from './step.ts';

/** What must be done to the outer map itself, or why nothing of it may be touched. */
export type OuterChanges =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly message: string };

/**
 * The order is what makes every crash window safe: the record before the map, the ledger's pin before the one
 * where programs look. Equal ids of the two pins prove that the map at `pin` is ours.
 */
export function outerChanges(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  const refusal = unreadable(found.ledger) ?? unreadable(found.pin);
  if (refusal !== undefined) return refusal;
  return desired.outerMap.spec.provision === 'Create' ? created(desired, found) : adopted(desired, found);
}

function created(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  const { name } = desired.outerMap.metadata;
  const { ledger, pin } = found;
  const restore = lostPin(desired, found);
  const foreign = pin.kind === 'map' && !(ledger.kind === 'map' && ledger.id === pin.id);
  if (foreign && restore === undefined) return pinInUse(desired, pin);
  if (ledger.kind === 'map' && found.record?.provision === 'Adopt') return wasAdopted(ledger);
  if (ledger.kind !== 'map' && restore === undefined) {
    const make: Step = { verb: 'create', outer: name, desired };
    return { kind: 'steps', steps: [...recordSteps(desired, found), make, ...pinSteps(desired)] };
  }
  const mismatch = otherLayout(desired, found, (ledger.kind === 'map' ? ledger : (pin as MapFound)).spec);
  if (mismatch !== undefined) return mismatch;
  const steps = [...unpinSteps(desired, found), ...recordSteps(desired, found), ...(restore ?? [])];
  if (pin.kind === 'absent') steps.push(...pinSteps(desired));
  return { kind: 'steps', steps };
}

type MapFound = Extract<ObservedPin, { kind: 'map' }>;

/**
 * Somebody took the ledger's pin of our map away. The record names the pin where programs look, and the inner maps of
 * the map there are those of the ledger: it is ours, and gets its second pin back.
 */
function lostPin(
  desired: DesiredOuter,
  { ledger, pin, record, pins, entries }: ObservedOuterMap,
): Step[] | undefined {
  const path = desired.outerMap.spec.pin;
  if (ledger.kind !== 'absent' || pin.kind !== 'map' || path === undefined) return undefined;
  if (record?.provision !== 'Create' || record.pin !== path) return undefined;
  const inside = new Set(entries.values());
  const proven = [...pins.values()].some(id => inside.has(id));
  return proven
    ? [{ verb: 'adopt', outer: desired.outerMap.metadata.name, pin: path, id: pin.id, again: false }]
    : undefined;
}

function adopted(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  const { name } = desired.outerMap.metadata;
  const { ledger, pin } = found;
  const path = desired.outerMap.spec.pin;
  if (path === undefined || pin.kind !== 'map') return pinNotFound(path);
  const mismatch = otherLayout(desired, found, pin.spec);
  if (mismatch !== undefined) return mismatch;
  const steps = recordSteps(desired, found);
  const adopt: Step = { verb: 'adopt', outer: name, pin: path, id: pin.id, again: ledger.kind === 'map' };
  if (ledger.kind !== 'map' || ledger.id !== pin.id) steps.push(adopt);
  return { kind: 'steps', steps };
}

function recordOf({ outerMap, layout }: DesiredOuter): LedgerRecord {
  const { provision, deletionPolicy, maxRemoval, pin, type, maxEntries, key, flags, inner } = outerMap.spec;
  const declared = { type, maxEntries, key, flags, inner };
  const record = {
    version: 1 as const,
    layoutDigest: layout.digest,
    provision,
    deletionPolicy,
    maxRemoval,
    declared,
  };
  return pin === undefined ? record : { ...record, pin };
}

function recordSteps(desired: DesiredOuter, found: ObservedOuterMap): Step[] {
  const record = recordOf(desired);
  const known = found.record !== undefined && recordText(found.record) === recordText(record);
  return known ? [] : [{ verb: 'record', outer: desired.outerMap.metadata.name, record }];
}

function pinSteps(desired: DesiredOuter): Step[] {
  const { pin, pinMode } = desired.outerMap.spec;
  return pin === undefined
    ? []
    : [{ verb: 'pin', outer: desired.outerMap.metadata.name, pin, mode: pinMode }];
}

/** The pin was declared elsewhere before: the old name goes, if it is still ours. */
function unpinSteps(desired: DesiredOuter, found: ObservedOuterMap): Step[] {
  const before = found.record?.pin;
  if (before === undefined || before === desired.outerMap.spec.pin || found.record?.provision !== 'Create')
    return [];
  return [{ verb: 'unpin', outer: desired.outerMap.metadata.name, pin: before }];
}

function otherLayout(
  desired: DesiredOuter,
  found: ObservedOuterMap,
  spec: MapSpec,
): OuterChanges | undefined {
  const { layout } = desired;
  const outer = sameSpec(layout.outer, spec)
    ? undefined
    : `outer map is ${mapSpecText(spec)}, declared is ${mapSpecText(layout.outer)}`;
  const template = templateDiffers(desired, found);
  const digest = declaredBefore(desired, found);
  const what = outer ?? template ?? digest;
  if (what === undefined) return undefined;
  const advice = 'declare it as it is, choose another name, or take the old map away with innermap clean';
  return { kind: 'refused', reason: 'LayoutMismatch', message: `Layouts differ: ${what}; ${advice}` };
}

function templateDiffers({ layout }: DesiredOuter, found: ObservedOuterMap): string | undefined {
  const { template, accepts } = found;
  if (template !== undefined && !sameTemplate(layout.template, template)) {
    return `template is ${mapSpecText(template)}, declared is ${mapSpecText(layout.template)}`;
  }
  return accepts === false
    ? `inner maps of the declared layout (${mapSpecText(layout.template)}) do not fit its template`
    : undefined;
}

/** Sizes may agree where types do not: what was declared when the map was made counts. */
function declaredBefore({ layout }: DesiredOuter, found: ObservedOuterMap): string | undefined {
  const { record } = found;
  if (record === undefined || record.provision !== 'Create' || record.layoutDigest === layout.digest)
    return undefined;
  const before = record.declared;
  if (before === undefined) return 'the map was made from other declarations';
  const shown = `key "${before.key}", inner key "${before.inner.key ?? ''}", inner value "${before.inner.value ?? ''}"`;
  return `the map was made with ${shown}, other declarations than these`;
}

function sameSpec(a: MapSpec, b: MapSpec): boolean {
  return (
    a.type === b.type &&
    a.keySize === b.keySize &&
    a.maxEntries === b.maxEntries &&
    sameFlags(a.type, a.flags, b.flags)
  );
}

/** max_entries of a template binds nobody but arrays, which the kernel itself refuses when they differ. */
function sameTemplate(a: MapSpec, b: MapSpec): boolean {
  const bounded = isArray(a.type) || a.type === 'XSKMap';
  const sizes =
    a.type === b.type &&
    a.keySize === b.keySize &&
    a.valueSize === b.valueSize &&
    sameFlags(a.type, a.flags, b.flags);
  return sizes && (!bounded || a.maxEntries === b.maxEntries);
}

function unreadable(pin: ObservedPin): OuterChanges | undefined {
  return pin.kind === 'unreadable'
    ? { kind: 'refused', reason: pin.reason, message: pin.message }
    : undefined;
}

function pinInUse(desired: DesiredOuter, pin: ObservedPin & { kind: 'map' }): OuterChanges {
  const what = `Pin ${desired.outerMap.spec.pin} holds a map that this operator did not make (id ${pin.id}, ${mapSpecText(pin.spec)})`;
  const message = `${what}: nothing is touched; set provision: Adopt to fill it, choose another pin, or remove that pin`;
  return { kind: 'refused', reason: 'PinInUse', message };
}

/** Saying Create does not make another's map ours: its foreign keys would be removed, its pin unlinked in the end. */
function wasAdopted(ledger: MapFound): OuterChanges {
  const what = `Outer map ${ledger.id} was adopted, this operator did not make it`;
  const advice =
    'set provision: Adopt again, or let it go with innermap clean, and free its pin, before another is made';
  return { kind: 'refused', reason: 'PinInUse', message: `${what}: nothing is touched; ${advice}` };
}

function pinNotFound(path: string | undefined): OuterChanges {
  const where = path === undefined ? 'No pin is declared' : `No outer map is pinned at ${path} yet`;
  const advice =
    path === undefined
      ? 'set spec.pin, provision Adopt needs it'
      : 'it is filled as soon as its program’s loader pins it';
  return { kind: 'refused', reason: 'PinNotFound', message: `${where}: ${advice}` };
}
