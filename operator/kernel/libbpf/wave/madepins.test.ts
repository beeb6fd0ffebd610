import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MadePins } from './madepins.ts';

describe('MadePins', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'innermap-madepins-'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const write = (directory: string, count: number): readonly string[] => {
    mkdirSync(join(root, directory), { recursive: true });
    const paths = Array.from({ length: count }, (_, at) => join(root, directory, `${at}`));
    for (const path of paths) writeFileSync(path, '');
    return paths;
  };

  it('takes back all that were added, of any directory, and no other', async () => {
    const [first, second] = [write('a', 600), write('ab', 3)];
    const made = new MadePins();
    for (const path of first.slice(0, 599)) made.add([path]);
    made.add([second[0]!, first[599]!, second[2]!]);
    made.add([join(root, 'a', 'gone')]);
    await made.remove();
    expect(readdirSync(join(root, 'a'))).to.deep.equal([]);
    expect(readdirSync(join(root, 'ab'))).to.deep.equal(['1']);
  });

  it('of none takes none', async () => {
    await new MadePins().remove();
    expect(readdirSync(root)).to.deep.equal([]);
  });
});
