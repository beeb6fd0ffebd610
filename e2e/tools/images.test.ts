import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { REPOSITORY } from '../crdschema.ts';
import { PAUSE_IMAGE } from '../provider/local/settings.ts';

const text = (name: string): string => readFileSync(join(REPOSITORY, 'e2e', 'tools', name), 'utf8');

describe('images of the scenarios', () => {
  const script = text('images.sh');
  const dockerfile = text('Dockerfile');

  it('with Docker and without, the tools have the same path and does the same nothing', () => {
    expect(/^TOOLS_PATH=(.*)$/m.exec(script)![1]).to.equal(/^ENV PATH=(.*)$/m.exec(dockerfile)![1]);
    const idle = /^IDLE=\((.*)\)$/m.exec(script)![1]!.split(' ');
    expect(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!)).to.deep.equal(idle);
  });

  it('with Docker and without, it has the same packages, besides libraries', () => {
    const installed = /install --yes --no-install-recommends (.*) && rm/.exec(dockerfile)![1]!.split(' ');
    const unpacked = /packages\.sh \S+ (.*) >&2/.exec(script)![1]!.split(' ');
    expect(unpacked).to.include.members(installed);
    expect(
      unpacked.filter(name => !installed.includes(name)).every(name => /^(lib|zlib)/.test(name)),
    ).to.equal(true);
  });

  it('the local nodes’ pause image is the one that is built, the witness’ the tools', () => {
    expect(/^PAUSE=(.*)$/m.exec(script)![1]).to.equal(PAUSE_IMAGE);
    const witness = parseAllDocuments(text('tools.yaml'))
      .map(document => document.toJS())
      .at(-1);
    expect(witness.spec.template.spec.containers[0].image).to.equal(/^TOOLS=(.*)$/m.exec(script)![1]);
  });
});
