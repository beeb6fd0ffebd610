import type { Metadata } from '../../api/metadata.ts';
import { sha256 } from '../sha256.ts';

/**
 * The identity of the InnerMap that an inner map was made for, as its name in the kernel holds it: map and name begin
 * together, so that no crash parts them, and a restarted agent still knows whose contents it finds. In a cluster it is
 * the uid: an object that is deleted and created again is another. A folder has no uids and one author: there it is the name.
 */
export function ownerOf({ uid, namespace, name }: Metadata): string {
  return sha256(uid ?? `${namespace}/${name}`).slice(0, DIGITS);
}

/** 32 bits: who wants another's uid would have to create four billion objects. */
const DIGITS = 8;
/** bpf_attr.map_name takes so many characters of [A-Za-z0-9_.]. What is left of them begins with the object's name. */
const MAP_NAME = 15;

/** `web.3f9a2c81`: the name of an inner map in the kernel. */
export function ownedName({ name }: Pick<Metadata, 'name'>, owner: string): string {
  return `${name.replace(/[^A-Za-z0-9_]/g, '_').slice(0, MAP_NAME - 1 - owner.length)}.${owner}`;
}

/** In the place of an owner: the map was made for several keys, and the ledger's pins tell whose each is. */
export const SHARED = 'shared';

/** `tenants.shared`: the name in the kernel of an inner map that stands at several keys of this outer map. */
export function sharedName(outerMap: string): string {
  return ownedName({ name: outerMap }, SHARED);
}

/** Undefined where the name tells no owner: the map is somebody else's, or of a version that told none. */
export function ownerIn(mapName: string): string | undefined {
  return OWNED.exec(mapName)?.[1];
}

const OWNED = new RegExp(`\\.([0-9a-f]{${DIGITS}}|${SHARED})$`);
