import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** What the kubelet asks of version 2; version 1 has a hierarchy for each. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** Makes `/NAME/NODE` in every hierarchy: what a kubelet may call its root, so that it takes no other's pods for orphans. */
export function makeCgroup(name: string, node: string): string {
  const path = join('/', name, node);
  if (existsSync(join(ROOT, 'cgroup.controllers'))) makeUnified(name, path);
  else for (const hierarchy of hierarchies()) mkdirSync(join(ROOT, hierarchy, path), { recursive: true });
  return path;
}

function makeUnified(name: string, path: string): void {
  mkdirSync(join(ROOT, path), { recursive: true });
  const wanted = CONTROLLERS.map(controller => `+${controller}`).join(' ');
  for (const folder of [ROOT, join(ROOT, name)])
    writeFileSync(join(folder, 'cgroup.subtree_control'), wanted);
}

function hierarchies(): readonly string[] {
  return readdirSync(ROOT).filter(hierarchy => existsSync(join(ROOT, hierarchy, 'cgroup.procs')));
}
