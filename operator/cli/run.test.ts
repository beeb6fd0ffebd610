import { expect } from 'chai';
import { NAME_A_CLUSTER } from './cluster/which.ts';
import { COMMANDS } from './run.ts';
import { CommandFixture } from './testing/commandfixture.ts';

describe('runCommandLine', () => {
  it('without a command shows all of them and fails', async () => {
    const { code, out, error } = await new CommandFixture().run();
    expect(code).to.equal(2);
    expect(out).to.equal('');
    for (const { name } of COMMANDS) expect(error).to.contain(`  ${name} `);
  });

  it('--help, -h and help show the same and succeed', async () => {
    const fixture = new CommandFixture();
    const shown = await Promise.all(['--help', '-h', 'help'].map(word => fixture.run(word)));
    expect(new Set(shown.map(({ out }) => out)).size).to.equal(1);
    expect(shown.map(({ code }) => code)).to.deep.equal([0, 0, 0]);
  });

  for (const command of COMMANDS) {
    it(`${command.name} --help shows options, exit and examples, each of which can be parsed`, async () => {
      const fixture = new CommandFixture();
      const { code, out } = await fixture.run(command.name, '--help');
      expect(code).to.equal(0);
      expect((await fixture.run('help', command.name)).out).to.equal(out);
      for (const option of command.options) expect(out).to.contain(`--${option.name}`);
      for (const example of command.examples) expect(out).to.contain(`innermap ${example.line}`);
      expect(command.examples).to.not.have.length(0);
      expect(out.split('\n').every(line => line.length <= 130)).to.equal(true);
    });

    it(`${command.name}: examples are calls that its own parser takes`, async () => {
      for (const { line } of command.examples) {
        const words = line
          .replace(/ [>|].*$/, '')
          .match(/'[^']*'|\S+/g)!
          .map(word => word.replace(/^'|'$/g, ''));
        const dashes = words.indexOf('--');
        const withHelp =
          dashes < 0 ? [...words, '--help'] : [...words.slice(0, dashes), '--help', ...words.slice(dashes)];
        expect((await new CommandFixture().run(...withHelp)).code, line).to.equal(0);
      }
    });
  }

  it('as a plugin calls itself kubectl innermap', async () => {
    const fixture = Object.assign(new CommandFixture(), { program: 'kubectl innermap' });
    expect((await fixture.run('plan', '--help')).out).to.contain('kubectl innermap plan ./maps');
  });

  it('--version tells it', async () => {
    expect(await new CommandFixture().run('--version')).to.deep.equal({
      code: 0,
      out: 'innermap 1.2.3\n',
      error: '',
    });
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['stauts', 'Unknown command stauts, did you mean status?'],
    ['--versoin', 'Unknown option --versoin, did you mean --version?'],
    ['help plna', 'Unknown command plna, did you mean plan?'],
    ['status --reprot x', 'Unknown option --reprot of status, did you mean --report?'],
    ['status -x', 'Unknown option -x of status'],
    ['status extra', `Command status cannot take extra without a cluster: ${NAME_A_CLUSTER}`],
    ['status a b', 'Command status cannot take b: usage is status [OUTER]'],
    [
      'status --report r --context c',
      'Option --report is for this machine, --kubeconfig and --context for a cluster: give one',
    ],
    ['plan', `Command plan needs DIR|FILE… here; for what a cluster's agent would do, ${NAME_A_CLUSTER}`],
    ['validate', 'Command validate needs more arguments: usage is validate DIR|FILE…'],
    [
      'plan a --context c --node n',
      `Option --node is for this machine, --kubeconfig and --context for a cluster: give one`,
    ],
    ['status --all', `Option --all is for a cluster: ${NAME_A_CLUSTER}`],
    ['get -n ns', `Option --namespace is for a cluster: ${NAME_A_CLUSTER}`],
    ['get --node n', `Option --node is for a cluster: ${NAME_A_CLUSTER}`],
    ['get a b c', 'Command get cannot take c: usage is get [OUTER [KEY]]'],
    ['status --report', 'Option --report needs a value: FILE'],
    ['status --report --output json', 'Option --report needs a value: FILE'],
    ['status --report a --report b', 'Option --report is given twice: it takes one value'],
    ['status -o yml', 'Option --output cannot be yml: it takes table, json'],
    ['get -o yml', 'Option --output cannot be yml: it takes table, yaml, json, did you mean yaml?'],
    ['agent --once=yes --manifests a', 'Option --once takes no value'],
    ['agent --manifests a --context b', 'Command agent takes --manifests or a cluster: leave one out'],
    ['agent --node-label a=b', 'Option --node-label is for --manifests: a cluster’s Node has labels'],
    [
      'agent --release-removal 3f9a1c',
      'Option --release-removal is for --manifests: in a cluster annotate the OuterMap, or the NodeMapState, with innermap.io/release-removal',
    ],
    [
      'agent --manifests a --resync soon',
      'Option --resync cannot be soon: write a time from 100ms to 24h, such as 30s or 2m',
    ],
    [
      'agent --manifests a --resync 0',
      'Option --resync cannot be 0: write a time from 100ms to 24h, such as 30s or 2m',
    ],
    [
      'agent --manifests a --node-label zone',
      'Option --node-label cannot be zone: write KEY=VALUE, such as zone=a',
    ],
    [
      'agent --manifests a --bpffs bpf',
      'Option --bpffs cannot be bpf: write an absolute path, such as /sys/fs/bpf',
    ],
    [
      'agent --manifests a --bpffs-on-node bpf',
      'Option --bpffs-on-node cannot be bpf: write an absolute path, such as /sys/fs/bpf',
    ],
    ['agent --manifests a -o json', 'Option --output is for --once: add --once, or --log-format json'],
  ];
  for (const [line, message] of wrong) {
    it(`${line}: says what is wrong and exits 2`, async () => {
      const { code, out, error } = await new CommandFixture().run(...line.split(' '));
      expect(error.split('\n')[0]).to.equal(`Error: ${message}`);
      expect(error).to.contain('--help shows how it is used');
      expect([code, out]).to.deep.equal([2, '']);
    });
  }

  it('an error of a port is one sentence; its stack is shown where INNERMAP_DEBUG asks', async () => {
    const fixture = new CommandFixture();
    const { code, error } = await fixture.run('get');
    expect([code, error]).to.deep.equal([2, 'Error: This test gives no kernel\n']);
    fixture.env = { INNERMAP_DEBUG: '1' };
    expect((await fixture.run('get')).error).to.contain('    at ');
  });
});
