import { provingPin, TEMPORARY } from '../ledgerrecord.ts';

/** A pin below the ledger's `inner/`, as the name of its file tells it. */
export interface InnerPin {
  /** The key in hex, or its digest; TEMPORARY behind it until the outer map holds the inner map. */
  readonly name: string;
  /**
   * The InnerMap that has the key, where the inner map was made for several: its own name in the kernel tells none of them.
   * One name that tells key and owner is made and removed at once: no crash parts them.
   */
  readonly sharer?: string;
}

/** `0a010007`, `0a010007-3f9a2c81`, `0a010007-3f9a2c81-new`. */
const INNER_PIN = new RegExp(`^([0-9a-f]+)(?:-([0-9a-f]{8}))?(${TEMPORARY})?$`);

export function isInnerPin(file: string): boolean {
  return INNER_PIN.test(file);
}

/** Undefined where the name is none that this operator gives. */
export function innerPinIn(file: string): InnerPin | undefined {
  const [, key, sharer, temporary = ''] = INNER_PIN.exec(file) ?? [];
  if (key === undefined) return undefined;
  return sharer === undefined ? { name: file } : { name: key + temporary, sharer };
}

/** The name of the file. */
export function innerPinFile(name: string, sharer: string | undefined): string {
  if (sharer === undefined) return name;
  return name.endsWith(TEMPORARY) ? `${settledName(name)}-${sharer}${TEMPORARY}` : `${name}-${sharer}`;
}

/** What a link below `inner/` says: where nothing may open the inner map, its id is recorded in the place of a pin. */
const ID_RECORD = /^id:([1-9]\d{0,9})$/;
/** Such a link is made beside its place, and renamed: a crash leaves that name. */
const ID_RECORD_FILE = /^[0-9a-f]+~?$/;

export function idRecord(id: number): string {
  return `id:${id}`;
}

/** Undefined where the link is none that this operator makes. */
export function idInRecord(text: string): number | undefined {
  const [, id] = ID_RECORD.exec(text) ?? [];
  return id === undefined ? undefined : Number(id);
}

export function isIdRecordFile(file: string): boolean {
  return ID_RECORD_FILE.test(file);
}

/** The name that a pin has once the outer map holds its inner map. */
export function settledName(name: string): string {
  return name.endsWith(TEMPORARY) ? name.slice(0, -TEMPORARY.length) : name;
}

/** The inner pins of a ledger. */
export interface LedgerPins {
  /** Name of the pin → id of the inner map. */
  readonly pins: ReadonlyMap<string, number>;
  /** Name of the pin → its sharer, where it has one. */
  readonly sharers: ReadonlyMap<string, string>;
  /** Names of those that are no pins but records of an id: as good a proof, but nothing can be opened by them. */
  readonly recorded: ReadonlySet<string>;
}

/** The pin that proves an entry of the outer map ours, under its temporary name too; undefined where none does. */
export function proofOf(
  keyHex: string,
  id: number,
  { pins, sharers }: Omit<LedgerPins, 'recorded'>,
): InnerPin | undefined {
  const name = provingPin(keyHex, id, pins);
  if (name === undefined) return undefined;
  const sharer = sharers.get(name);
  return sharer === undefined ? { name } : { name, sharer };
}
