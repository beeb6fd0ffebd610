import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY } from '../crdschema.ts';
import { instructions, lastStage } from './support/dockerfile.ts';

const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
const of = (wanted: string) => instructions().flatMap(([name, rest]) => (name === wanted ? [rest] : []));

describe('Dockerfile', () => {
  it('has the Node.js of the local image', () => {
    const [, version] = /^const VERSION = '(.+)';$/m.exec(read('bin/image/node.mjs'))!;
    expect(of('ARG')).to.include(`NODE=${version}`);
  });

  it('ends in nothing but the root file system, which nobody runs as root unasked', () => {
    expect(of('FROM').at(-1)).to.equal('scratch');
    expect(lastStage()).to.include({ User: '65532:65532', WorkingDir: '/' });
    expect(lastStage().Entrypoint).to.deep.equal(['/usr/local/bin/innermap']);
    // `kubectl exec POD -- innermap get` looks for it there
    expect(lastStage().Env).to.deep.include('PATH=/usr/local/bin:/usr/bin');
  });

  it('runs commands on the machine that builds alone', () => {
    let stage = '';
    const wrong = instructions().filter(([name, rest]) => {
      if (name === 'FROM') stage = rest;
      return name === 'RUN' && !stage.startsWith('--platform=$BUILDPLATFORM ');
    });
    expect(wrong).to.deep.equal([]);
  });

  it('copies what is there and what .dockerignore lets through', () => {
    const letThrough = read('.dockerignore')
      .split('\n')
      .flatMap(line => (line.startsWith('!') ? [line.slice(1)] : []));
    for (const path of letThrough) expect(existsSync(join(REPOSITORY, path)), path).to.equal(true);
    const copied = of('COPY').flatMap(rest =>
      rest.startsWith('--from') ? [] : rest.split(' ').slice(0, -1),
    );
    for (const path of copied) expect(path === '.' || letThrough.includes(path), path).to.equal(true);
    for (const path of ['bin', 'operator', 'native/template.bpf.o', 'LICENSE'])
      expect(letThrough).to.include(path);
  });

  it('names no registry', () => {
    for (const image of of('FROM')) expect(image).to.not.match(/[\w-]+\.[a-z]+\//);
  });
});
