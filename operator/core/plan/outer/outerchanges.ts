import { RECREATE_ANNOTATION, recreationsIn } from '../../../api/metadata.ts';
import type { Reason } from '../../../api/reason.ts';
import type { DesiredOuter } from '../../desired/desired.ts';
import { type LedgerRecord, recordText } from '../../ledgerrecord.ts';
import { mapSpecText } from '../../mapspec.ts';
import type { ObservedOuterMap, ObservedPin } from '../../observed.ts';
import { sha256 } from '../../sha256.ts';
import type { Cause, Step } from '../step.ts';
import { layoutMismatch } from './mismatch.ts';
import { pinChanges } from './pinchanges.ts';
import { recordOf } from './record.ts';

/** The steps for the outer map itself, or why nothing of it may be touched. */
export type OuterChanges =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  /** It is made anew with another layout, by its author's token; `mismatch`: what to say while that must wait. */
  | ({ readonly kind: 'recreation'; readonly before: MapFound; readonly mismatch: string } & Unfinished)
  /** Only these: what is in the map is not known yet. */
  | { readonly kind: 'takeover'; readonly steps: readonly Step[] }
  | ({ readonly kind: 'refused'; readonly reason: Reason; readonly message: string } & Unfinished);

interface Unfinished {
  /** What a crash left unfinished, which is put right whatever must wait. */
  readonly left?: readonly Step[];
}

/**
 * The order is what makes every crash window safe: the record before the map, the ledger's pin before the one
 * where programs look. Equal ids of the two pins prove that the map at `pin` is ours.
 */
export function outerChanges(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  for (const pin of [found.ledger, found.pin])
    if (pin.kind === 'unreadable') return refused(pin.reason, pin.message);
  return desired.outerMap.spec.provision === 'Create' ? created(desired, found) : adopted(desired, found);
}

function created(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  const { name } = desired.outerMap.metadata;
  const { ledger, pin } = found;
  const restore = lostPin(desired, found);
  const foreign = pin.kind === 'map' && !(ledger.kind === 'map' && ledger.id === pin.id);
  const taking = takeover(desired, found);
  if (taking !== undefined) return taking;
  if (foreign && restore === undefined) return pinInUse(desired, pin, found.pinOwner);
  if (ledger.kind === 'map' && found.record?.provision === 'Adopt') return wasAdopted(desired, ledger);
  if (ledger.kind !== 'map' && restore === undefined) {
    const make: Step = { verb: 'create', outer: name, desired };
    return { kind: 'steps', steps: [...recordSteps(desired, found), make, ...pinSteps(desired, 'declared')] };
  }
  const before = ledger.kind === 'map' ? ledger : (pin as MapFound);
  const mismatch = layoutMismatch(desired, found, before.spec);
  const drops: Step[] = found.beside?.kind === 'map' ? [{ verb: 'drop', outer: name }] : [];
  if (mismatch !== undefined) {
    const left = [...(restore ?? []), ...pinChanges(name, found), ...drops];
    return otherLayout(desired, { before, record: found.record, mismatch, left });
  }
  const steps = [...drops, ...unpinSteps(desired, found), ...recordSteps(desired, found), ...(restore ?? [])];
  if (pin.kind === 'absent') steps.push(...pinSteps(desired, found.pinned ? 'drift' : 'declared'));
  return { kind: 'steps', steps };
}

type MapFound = Extract<ObservedPin, { kind: 'map' }>;

/** Somebody removed the ledger's pin of our map: the map where programs look is pinned in the ledger again. */
function lostPin(desired: DesiredOuter, found: ObservedOuterMap): Step[] | undefined {
  const { ledger, pin } = found;
  const path = desired.outerMap.spec.pin;
  if (ledger.kind !== 'absent' || pin.kind !== 'map' || path === undefined) return undefined;
  return pin.id === found.made || isProven(path, found)
    ? [{ verb: 'adopt', outer: desired.outerMap.metadata.name, pin: path, id: pin.id, again: false }]
    : undefined;
}

/** The record names this pin, and the rest of the ledger has pins of inner maps of the map there. */
function isProven(path: string, { record, pins, entries }: ObservedOuterMap): boolean {
  if (record?.provision !== 'Create' || record.pin !== path) return false;
  const inside = new Set(entries.values());
  return [...pins.values()].some(id => inside.has(id));
}

function adopted(desired: DesiredOuter, found: ObservedOuterMap): OuterChanges {
  const { name } = desired.outerMap.metadata;
  const { ledger, pin } = found;
  const path = desired.outerMap.spec.pin;
  if (path === undefined || pin.kind !== 'map') return pinNotFound(path);
  const mismatch = layoutMismatch(desired, found, pin.spec);
  if (mismatch !== undefined)
    return refused(
      'LayoutMismatch',
      `${OTHER}: ${mismatch}; declare it as its owner made it, or name another pin`,
    );
  const steps = recordSteps(desired, found);
  const adopt: Step = { verb: 'adopt', outer: name, pin: path, id: pin.id, again: ledger.kind === 'map' };
  if (ledger.kind !== 'map' || ledger.id !== pin.id) steps.push(adopt);
  return { kind: 'steps', steps };
}

function recordSteps(desired: DesiredOuter, found: ObservedOuterMap): Step[] {
  const record = recordOf(desired);
  const known = found.record !== undefined && recordText(found.record) === recordText(record);
  return known ? [] : [{ verb: 'record', outer: desired.outerMap.metadata.name, record }];
}

function pinSteps(desired: DesiredOuter, cause: Cause): Step[] {
  const { pin, pinMode } = desired.outerMap.spec;
  return pin === undefined
    ? []
    : [{ verb: 'pin', outer: desired.outerMap.metadata.name, pin, mode: pinMode, cause }];
}

/** Removes the pin that the record has and the declaration does not. */
function unpinSteps(desired: DesiredOuter, found: ObservedOuterMap): Step[] {
  const before = found.record?.pin;
  if (before === undefined || before === desired.outerMap.spec.pin || found.record?.provision !== 'Create')
    return [];
  return [{ verb: 'unpin', outer: desired.outerMap.metadata.name, pin: before }];
}

const OTHER = 'Layouts differ';

interface OtherLayout {
  readonly before: MapFound;
  readonly record: LedgerRecord | undefined;
  readonly mismatch: string;
  readonly left: readonly Step[];
}

/** A map cannot become another: it stays, or a new one takes its place, which its author must ask for. */
function otherLayout(
  { outerMap, layout }: DesiredOuter,
  { before, record, mismatch, left }: OtherLayout,
): OuterChanges {
  const { name, annotations } = outerMap.metadata;
  const token = recreationToken(name, record?.layoutDigest ?? mapSpecText(before.spec), layout.digest);
  if (recreationsIn(annotations).includes(token)) return { kind: 'recreation', before, mismatch, left };
  const anew = `or have a new map take its place by the annotation ${RECREATE_ANNOTATION}: ${token}`;
  const advice = `declare it as it is, choose another name, ${anew} (programs keep the old one until they open its pin again)`;
  return { kind: 'refused', reason: 'LayoutMismatch', message: `${OTHER}: ${mismatch}; ${advice}`, left };
}

/** Stands for one change of one OuterMap, on all nodes that have the same: another change has another one. */
function recreationToken(name: string, before: string, now: string): string {
  return sha256([name, before, now].join('\n')).slice(0, 12);
}

/** Whatever layout is declared now: the record and the map under the temporary name belong together. The pin is moved. */
function takeover(desired: DesiredOuter, { record, beside }: ObservedOuterMap): OuterChanges | undefined {
  if (record?.taking === undefined || beside?.kind !== 'map' || beside.id !== record.taking.id)
    return undefined;
  const { metadata, spec } = desired.outerMap;
  const { taking, pin: recorded, ...rest } = record;
  const moved = spec.pin === undefined ? rest : { ...rest, pin: spec.pin };
  const unpin = [taking.unpin, recorded].flatMap(pin => (pin === undefined || pin === spec.pin ? [] : [pin]));
  const take = { outer: metadata.name, id: taking.id, record: moved, mode: spec.pinMode, unpin };
  return { kind: 'takeover', steps: [{ verb: 'takeOver', ...take }] };
}

function refused(reason: Reason, message: string): OuterChanges {
  return { kind: 'refused', reason, message };
}

function pinInUse(desired: DesiredOuter, pin: MapFound, owner: string | undefined): OuterChanges {
  if (owner !== undefined) {
    const theirs = `Pin ${desired.outerMap.spec.pin} holds the map of OuterMap ${owner} (id ${pin.id}, ${mapSpecText(pin.spec)})`;
    const choice = `choose another pin, or let OuterMap ${owner} go first: innermap clean ${owner}`;
    return refused('PinInUse', `${theirs}: nothing is touched; ${choice}`);
  }
  const what = `Pin ${desired.outerMap.spec.pin} holds a map that this operator did not make (id ${pin.id}, ${mapSpecText(pin.spec)})`;
  const advice = 'set provision: Adopt to fill it, choose another pin, or remove that pin';
  return refused('PinInUse', `${what}: nothing is touched; ${advice}`);
}

/** Provision Create does not make an adopted map ours: its foreign keys would be removed, and later its pin. */
function wasAdopted({ outerMap }: DesiredOuter, ledger: MapFound): OuterChanges {
  const what = `Outer map ${ledger.id} was adopted, this operator did not make it`;
  const { name } = outerMap.metadata;
  const advice = `set provision: Adopt again, or let it go with innermap clean ${name}, and free its pin, before another is made`;
  return refused('PinInUse', `${what}: nothing is touched; ${advice}`);
}

function pinNotFound(path: string | undefined): OuterChanges {
  const message =
    path === undefined
      ? 'No pin is declared: set spec.pin, provision Adopt needs it'
      : `No outer map is pinned at ${path} yet: it is filled as soon as its program’s loader pins it`;
  return refused('PinNotFound', message);
}
