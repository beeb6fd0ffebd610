import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandFixture } from './testing/commandfixture.ts';
import { FAILED, report, WEB } from './testing/reports.ts';

describe('status', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'innermap-status-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function shown(content: string, ...args: string[]) {
    const file = join(directory, 'status.json');
    writeFileSync(file, content);
    return new CommandFixture().run('status', '--report', file, ...args);
  }

  it('tells its age, the outer maps and that all is ready: exit 0', async () => {
    const { code, out, error } = await shown(JSON.stringify(report()));
    expect([code, error]).to.deep.equal([0, '']);
    expect(out).to.match(/^Node node-1: last change reported 4m ago, turn 3, kernel 6\.18\.0\n\nOUTER MAP/);
    expect(out).to.contain('Ready: 1 inner map as declared');
  });

  it('shows failures first, then inner maps that are not ready, and why: exit 1', async () => {
    const { code, out } = await shown(JSON.stringify(report(FAILED)));
    expect(code).to.equal(1);
    expect(out.indexOf('tenants ')).to.be.below(out.indexOf('aaa '));
    expect(out).to.contain('tenants: Pin tenants holds a foreign map\n');
    expect(out).to.match(
      /team-a\/bad +tenants +10\.1\.0\.7 +InvalidEntries +spec\.entries\[3\]\.value: 70000 is too large/,
    );
    expect(out).to.contain('Not ready: 1 of 3 inner maps not ready');
  });

  it('counts what a long list leaves out', async () => {
    const innerMaps = Array.from({ length: 60 }, (_, at) => ({ ...WEB, name: `m${at}`, ready: false }));
    expect((await shown(JSON.stringify(report({ innerMaps })))).out).to.contain('and 10 more\n');
  });

  it('shows refused manifests: exit 1', async () => {
    const { code, out } = await shown(
      JSON.stringify(report({ refusals: [{ origin: 'a.yaml:3', message: 'wrong' }] })),
    );
    expect([code, out.includes('a.yaml:3: wrong\n'), out.includes('1 manifest refused')]).to.deep.equal([
      1,
      true,
      true,
    ]);
  });

  it('a report of before the last boot is not ready, and says so', async () => {
    const { state } = report();
    const old = report({ state: { ...state, node: { ...state.node, bootID: 'other' } } });
    const { code, error } = await shown(JSON.stringify(old));
    expect([code, error.includes('started anew since')]).to.deep.equal([1, true]);
  });

  it('without a report says how to get one: exit 2', async () => {
    const { code, error } = await new CommandFixture().run('status', '--report', join(directory, 'none'));
    expect(code).to.equal(2);
    expect(error).to.match(
      /^Error: Cannot read report .*none: ENOENT, no agent has written it; start one with/,
    );
  });

  for (const content of [
    '',
    'null',
    '[]',
    '{}',
    '{"state":',
    JSON.stringify({ ...report(), turn: { startedAt: 'x' } }),
  ]) {
    it(`is not fooled by ${content.slice(0, 12) || 'an empty file'}: exit 2`, async () => {
      const { code, error } = await shown(content);
      expect([
        code,
        error.includes('it is not an agent’s report') || error.includes("it is not an agent's report"),
      ]).to.deep.equal([2, true]);
    });
  }
});
