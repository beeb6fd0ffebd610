import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { CommandFixture } from '../testing/commandfixture.ts';
import { ageText } from './age.ts';
import { colourOf } from './colour.ts';
import { withProgress } from './progress.ts';
import { programName } from './standard.ts';
import { table } from './table.ts';

function written(change: Partial<CommandFixture> = {}) {
  const fixture = Object.assign(new CommandFixture(), change);
  const text = { out: '', error: '' };
  return { fixture, text, terminal: fixture.terminal(text) };
}

describe('table', () => {
  it('aligns columns, shows an empty cell as a dash, ends no line with a blank', () => {
    const text = table(
      [
        { name: 'tenants', maps: 3, pin: '/a' },
        { name: 'b', maps: undefined, pin: '' },
      ],
      { NAME: ({ name }) => name, MAPS: ({ maps }) => maps, PIN: ({ pin }) => pin },
    );
    expect(text).to.equal('NAME      MAPS   PIN\ntenants   3      /a\nb         -      -\n');
  });

  it('counts characters, not UTF-16 units', () => {
    expect(table(['x'], { A: () => '🦀', B: cell => cell })).to.equal('A   B\n🦀   x\n');
  });

  it('lets no control character through to the terminal', () => {
    expect(table(['\x1b[2Jx\u202e\n'], { A: cell => cell })).to.equal('A\n\\u001b[2Jx\\u202e\\u000a\n');
  });
});

describe('colourOf', () => {
  it('paints on a terminal alone', () => {
    expect(colourOf(written({ outIsTerminal: true }).terminal, 'out').bad('x')).to.equal('\x1b[31mx\x1b[39m');
    expect(colourOf(written({ outIsTerminal: true }).terminal, 'error').bad('x')).to.equal('x');
  });
  it('heeds NO_COLOR where it is not empty, and a dumb terminal', () => {
    const bad = (env: Record<string, string>) =>
      colourOf(written({ outIsTerminal: true, env }).terminal, 'out').bad('x');
    expect(bad({ NO_COLOR: '1' })).to.equal('x');
    expect(bad({ TERM: 'dumb' })).to.equal('x');
    expect(stripVTControlCharacters(bad({ NO_COLOR: '' }))).to.not.equal(bad({ NO_COLOR: '' }));
  });
});

describe('withProgress', () => {
  it('shows nothing for work that ends soon', async () => {
    const { fixture, text, terminal } = written({ errorIsTerminal: true });
    await withProgress(terminal, 'Reading', async update => {
      fixture.now += 299;
      update(1, 2);
    });
    expect(text.error).to.equal('');
  });
  it('rewrites one line at most ten times a second, and takes it away', async () => {
    const { fixture, text, terminal } = written({ errorIsTerminal: true });
    await withProgress(terminal, 'Reading', async update => {
      for (let done = 0; done < 1000; done++) {
        fixture.now += 1;
        update(done, 1000);
      }
    });
    expect(text.error.match(/Reading/g)).to.have.length(8);
    expect(text.error.endsWith('\r\x1b[K')).to.equal(true);
  });
  it('shows nothing where stderr is no terminal', async () => {
    const { fixture, text, terminal } = written();
    await withProgress(terminal, 'Reading', async update => {
      fixture.now += 5000;
      update(1, 2);
    });
    expect(text.error).to.equal('');
  });
});

describe('words', () => {
  it('ageText: whole units', () => {
    const ages = [-5, 0, 119_999, 120_000, 7_200_000, 172_800_000].map(ageText);
    expect(ages).to.deep.equal(['0s', '0s', '119s', '2m', '2h', '2d']);
  });
  it('programName: a plugin is called as kubectl calls it', () => {
    expect(programName('/usr/bin/kubectl-innermap')).to.equal('kubectl innermap');
    expect(programName('/x/bin/innermap.js')).to.equal('innermap');
  });
});
