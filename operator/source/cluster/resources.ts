import { GROUP } from '../../api/metadata.ts';

const OURS = { group: GROUP, version: 'v1alpha1' };

export const INNER_MAPS = { resource: { ...OURS, plural: 'innermaps' } };
export const OUTER_MAPS = { resource: { ...OURS, plural: 'outermaps' } };
export const NODES = { resource: { group: '', version: 'v1', plural: 'nodes' } };
