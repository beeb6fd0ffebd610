import { recordText, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { ApplyContext } from './context.ts';
import { attempt, type Outcome } from './outcome.ts';

type Of<Verb extends Step['verb']> = Extract<Step, { verb: Verb }>;

/** Mode of a pin in the ledger: nobody but the agent. */
const LEDGER_MODE = 0o600;

/** The steps that concern an outer map and its ledger, each one or two system calls. */
export function applyOuterStep(step: Step, site: ApplyContext): Outcome {
  switch (step.verb) {
    case 'record':
      return attempt(step, () => record(step, site));
    case 'create':
      return attempt(step, () => create(step, site));
    case 'adopt':
      return attempt(step, () => adopt(step, site));
    case 'pin':
      return attempt(step, () => pin(step, site));
    case 'unpin':
      return attempt(step, () => unpin(step, site));
    case 'settle':
      return attempt(step, () => settle(step, site));
    case 'unlink':
      return attempt(step, () => unlink(step, site));
    default:
      throw new Error(`Cannot apply ${step.verb}: not a step on an outer map`);
  }
}

function record(step: Of<'record'>, site: ApplyContext): undefined {
  const { inner, spec } = site.paths(step.outer);
  site.kernel.pins.makeDirectory(inner);
  site.kernel.pins.writeRecord(spec, recordText(step.record));
}

function create(step: Of<'create'>, site: ApplyContext): number {
  const { outer, inner } = site.paths(step.outer);
  const { layout } = step.desired;
  site.kernel.pins.makeDirectory(inner);
  const map = site.kernel.createOuter(layout.outer, layout.template, mapName(step.outer));
  try {
    site.kernel.pins.pin(map, outer, LEDGER_MODE);
    return map.id;
  } finally {
    map.close();
  }
}

/** A second pin under a temporary name, then over the older one: the ledger never lacks an outer map. */
function adopt(step: Of<'adopt'>, site: ApplyContext): number {
  const { outer, inner } = site.paths(step.outer);
  const { pins } = site.kernel;
  pins.makeDirectory(inner);
  site.forget(step.outer);
  const map = site.kernel.open(site.pinPath(step.pin));
  try {
    if (map.id !== step.id) throw replacedMeanwhile(step);
    pins.unlink(outer + TEMPORARY);
    pins.pin(map, outer + TEMPORARY, LEDGER_MODE);
    pins.rename(outer + TEMPORARY, outer);
    return map.id;
  } finally {
    map.close();
  }
}

/** Neither the layout nor the keys of this one are known: what was decided was about the other. */
function replacedMeanwhile(step: Of<'adopt'>): KernelError {
  return new KernelError(
    'adopt outer map at',
    step.pin,
    'ESTALE',
    'it was replaced meanwhile, it is looked at anew',
  );
}

function pin(step: Of<'pin'>, site: ApplyContext): undefined {
  const path = site.pinPath(step.pin);
  site.kernel.pins.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  site.kernel.pins.pin(site.outerMap(step.outer), path, step.mode);
}

/** Only where it still names our map: somebody may have put another there. */
function unpin(step: Of<'unpin'>, site: ApplyContext): undefined {
  const path = site.pinPath(step.pin);
  if (!site.kernel.pins.exists(path)) return;
  const map = site.kernel.open(path);
  map.close();
  if (map.id === site.outerMap(step.outer).id) site.kernel.pins.unlink(path);
}

function settle(step: Of<'settle'>, site: ApplyContext): undefined {
  const { inner } = site.paths(step.outer);
  site.kernel.pins.rename(`${inner}/${step.from}`, `${inner}/${step.to}`);
}

function unlink(step: Of<'unlink'>, site: ApplyContext): undefined {
  site.kernel.pins.unlink(`${site.paths(step.outer).inner}/${step.pin}`);
}

/** bpf_attr.map_name: up to 15 of [A-Za-z0-9_.]; a hint for whoever lists maps. */
export function mapName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15);
}
