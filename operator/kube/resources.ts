import { GROUP } from '../api/metadata.ts';
import type { Resource, ResourceRef } from './client.ts';

const ours = (plural: string): Resource => ({ group: GROUP, version: 'v1alpha1', plural });
const core = (plural: string): Resource => ({ group: '', version: 'v1', plural });

export const INNER_MAPS = ours('innermaps');
export const OUTER_MAPS = ours('outermaps');
export const NODE_MAP_STATES = ours('nodemapstates');
export const NODES = core('nodes');
export const PODS = core('pods');

export function innerMapRef(key: string): ResourceRef {
  const slash = key.indexOf('/');
  return { resource: INNER_MAPS, namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function outerMapRef(name: string): ResourceRef {
  return { resource: OUTER_MAPS, name };
}

export function nodeMapStateRef(name: string): ResourceRef {
  return { resource: NODE_MAP_STATES, name };
}
