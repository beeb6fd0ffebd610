/** A test's process that never takes its cluster down: says where its nodes are, and waits to be killed. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OWN } from '../../../operator/testing/own.ts';
import { startLocal } from './local.ts';

const before = new Set(readdirSync(tmpdir()));
await startLocal(['worker-1']);
const folders = readdirSync(tmpdir()).filter(name => name.startsWith(`${OWN}-cluster-`) && !before.has(name));
const nodes = folders.find(name => readdirSync(join(tmpdir(), name)).includes('worker-1'));
console.log(join(tmpdir(), nodes ?? ''));
setInterval(() => {}, 1_000_000);
