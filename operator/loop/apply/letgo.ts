import { bytesOfHex } from '../../core/hex.ts';
import { ledgerPaths, TEMPORARY } from '../../core/ledger.ts';
import { pinNameOfHex } from '../../core/plan/pinchanges.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { paced } from '../pace.ts';
import { done, failed, type Outcome } from './outcome.ts';

type LetGo = Extract<Step, { verb: 'letGo' }>;

/**
 * Takes away all that is ours of one outer map; the record goes last, so that a crash is taken up again.
 * - Adopted: our entries leave the outer map, which belongs to somebody else.
 * - Made: the pin where programs look, if it still names our map. Programs that hold the map keep it.
 */
export async function letGo(step: LetGo, kernel: Kernel): Promise<Outcome> {
  try {
    await removeEntries(step, kernel);
    unpin(step, kernel);
    await unlinkLedger(step, kernel);
    return done(step);
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
}

async function removeEntries({ abandoned, outer }: LetGo, kernel: Kernel): Promise<void> {
  if (abandoned.record?.provision !== 'Adopt' || abandoned.ledger.kind !== 'map') return;
  const ours = [...abandoned.entries].filter(
    ([keyHex, id]) => abandoned.pins.get(pinNameOfHex(keyHex)) === id,
  );
  if (ours.length === 0) return;
  const keys = ours.map(([keyHex]) => bytesOfHex(keyHex)!);
  const map = kernel.open(ledgerPaths(kernel.pins.root, outer).outer);
  try {
    const all = new Uint8Array(keys.length * map.spec.keySize);
    keys.forEach((key, at) => {
      all.set(key, at * map.spec.keySize);
    });
    const refused = (await kernel.remove(map, all)).values().next().value;
    if (refused !== undefined) throw refused;
  } finally {
    map.close();
  }
}

function unpin({ abandoned }: LetGo, kernel: Kernel): void {
  const { record, pin, ledger } = abandoned;
  const ours = pin.kind === 'map' && ledger.kind === 'map' && pin.id === ledger.id;
  if (record?.provision === 'Create' && record.pin !== undefined && ours)
    kernel.pins.unlink(`${kernel.pins.root}/${record.pin}`);
}

async function unlinkLedger({ outer }: LetGo, kernel: Kernel): Promise<void> {
  const { pins } = kernel;
  const paths = ledgerPaths(pins.root, outer);
  await paced(pins.list(paths.inner), name => pins.unlink(`${paths.inner}/${name}`));
  if (pins.exists(paths.inner)) pins.removeDirectory(paths.inner);
  pins.unlink(paths.outer + TEMPORARY);
  pins.unlink(paths.outer);
  pins.unlink(paths.spec);
  pins.removeDirectory(paths.directory);
}
