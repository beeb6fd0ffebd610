import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Report } from '../core/report/report.ts';
import { filePublisher } from './file.ts';

describe('filePublisher', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'innermap-report-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes the report whole, readable for all, making its directory', async () => {
    const path = join(folder, 'run', 'innermap', 'report.json');
    await filePublisher(path).publish(report(1, 'a'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal(report(1, 'a'));
    expect(statSync(path).mode & 0o777).to.equal(0o644);
    expect(readdirSync(join(folder, 'run', 'innermap'))).to.deep.equal(['report.json']);
  });

  it('writes nothing when only the turn and the time of the check differ', async () => {
    const path = join(folder, 'report.json');
    const publisher = filePublisher(path);
    await publisher.publish(report(1, 'a'));
    const { ino } = statSync(path);
    await publisher.publish(report(2, 'a'));
    expect(statSync(path).ino).to.equal(ino);
    await publisher.publish(report(3, 'b'));
    expect(JSON.parse(readFileSync(path, 'utf8')).turn.number).to.equal(3);
  });

  it('writes reports in their order when they come at once', async () => {
    const path = join(folder, 'report.json');
    const publisher = filePublisher(path);
    await Promise.all([1, 2, 3, 4].map(number => publisher.publish(report(number, `m${number}`))));
    expect(JSON.parse(readFileSync(path, 'utf8')).turn.number).to.equal(4);
  });

  it('reports once that it cannot write, throws never, and writes when it can again', async () => {
    const path = join(folder, 'report.json');
    mkdirSync(path);
    const errors: string[] = [];
    const publisher = filePublisher(path, error => errors.push(error.message));
    await publisher.publish(report(1, 'a'));
    await publisher.publish(report(2, 'a'));
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(/^Cannot write report .*report\.json: E.*; name another file with --report$/);
    rmSync(path, { recursive: true });
    await publisher.publish(report(3, 'a'));
    expect(JSON.parse(readFileSync(path, 'utf8')).turn.number).to.equal(3);
    expect(readdirSync(folder)).to.deep.equal(['report.json']);
  });
});

function report(number: number, message: string): Report {
  return {
    bpffs: '/sys/fs/bpf',
    state: {
      node: { name: 'n', bootID: 'b', labelsHash: 'h' },
      outerMaps: [],
      failures: [],
      kernel: { release: '6.18', outerBatch: 'once', gracePeriodMs: 8, features: {} },
      drift: { lastCheck: `2026-01-01T00:00:0${number}Z`, found: 0, repaired: 0 },
      conditions: [],
    },
    outerMaps: [],
    innerMaps: [],
    refusals: [{ origin: 'a.yaml:1:1', message }],
    turn: { number, startedAt: '', milliseconds: number } as Report['turn'],
  };
}
