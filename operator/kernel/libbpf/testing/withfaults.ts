import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { onRealKernel } from '../scratch.test.ts';
import { Faults, specsWithFaults } from './faults.ts';

const FILE = process.env['FAULTS'];

/**
 * A suite whose specs run in a process of their own, which native/faults.c is loaded into. `file`: where they are written,
 * which has nothing else. Each test begins and ends without any fault.
 */
export function withFaults(file: string, title: string, specs: (faults: Faults) => void): void {
  onRealKernel(title, () => {
    if (FILE === undefined) passesApart(file);
    else specs(useFaults(FILE));
  });
}

function passesApart(file: string): void {
  it('passes its specs in a process of its own, into which native/faults.c is loaded', function () {
    this.timeout(300_000);
    Faults.make();
    const directory = mkdtempSync(join(tmpdir(), 'innermap-faults-'));
    const { status, output } = specsWithFaults(file, join(directory, 'faults'));
    rmSync(directory, { recursive: true });
    expect(status, output).to.equal(0);
    expect(output).to.match(/\d+ passing/);
  });
}

function useFaults(file: string): Faults {
  const faults = new Faults(file);
  beforeEach(() => faults.none());
  afterEach(() => faults.none());
  return faults;
}
