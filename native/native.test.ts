import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bpftool, dumped, idAt, mapIds, NATIVE, onStage, run } from './stage.ts';

const PASS = '01000000';
const DROP = '02000000';

describe('native', () => {
  const stage = onStage();

  describe('make check', () => {
    it('accepts the committed template.bpf.o', () => {
      run('make', '-C', NATIVE, 'check');
    });

    it('refuses it when template.bpf.c is another', () => {
      const copy = join(stage().directory, 'native');
      cpSync(NATIVE, copy, { recursive: true });
      writeFileSync(
        join(copy, 'template.bpf.c'),
        `${readFileSync(join(NATIVE, 'template.bpf.c'), 'utf8')}\n`,
      );
      expect(() => run('make', '-C', copy, 'check')).to.throw('Cannot use template.bpf.o');
    });

    it('template.bpf.o names no place of the machine that built it', () => {
      expect(readFileSync(join(NATIVE, 'template.bpf.o'), 'latin1')).to.not.match(
        /\/(home|root|work|tmp|usr)\//,
      );
    });
  });

  describe('driver load', () => {
    it('leaves no dummy inner map', () => {
      const { dummies, outer, limits } = load();
      expect(dummies).to.have.length(2);
      const alive = mapIds();
      expect(alive).to.include.members([outer, limits]);
      expect(alive).to.not.have.any.members(dummies as number[]);
    });

    it('with --reuse gives the program the map that is pinned, with what is in it', () => {
      const { outer } = load();
      stage().declareRule('0a010007', '01bb0600', DROP);
      const again = stage().driver(...loadWords('again'), '--reuse');
      expect(again['outer']).to.equal(outer);
      expect(verdict('again', '10.1.0.7', 'tcp', 443)).to.equal('XDP_DROP');
    });

    it('with --reuse takes a map that its maker gave another name', () => {
      const { outer } = stage().make('named', '--type', 'hash', '--inner-value-size', '16', '--max', '1024');
      const words = [
        'load',
        '--pin-outer',
        stage().pin('named'),
        '--pin-prog',
        stage().pin('program'),
        '--reuse',
      ];
      expect(stage().driver(...words)['outer']).to.equal(outer);
    });

    it('with --reuse refuses a map of another type', () => {
      stage().make('tenants', '--type', 'array');
      expect(() => stage().driver(...loadWords('program'), '--reuse')).to.throw('Cannot reuse');
    });

    it('with --replace brings a new map to the same pin, without it EEXIST', () => {
      const { outer } = load();
      expect(() => load()).to.throw('EEXIST');
      const { outer: newer } = stage().driver(...loadWords('program'), '--replace');
      expect(newer).to.not.equal(outer);
      expect(idAt(stage().pin('tenants'))).to.equal(newer);
    });

    it('pins all or nothing', () => {
      expect(() =>
        stage().driver(
          'load',
          '--pin-outer',
          stage().pin('tenants'),
          '--pin-prog',
          stage().pin('no/program'),
        ),
      ).to.throw('ENOENT');
      expect(() => idAt(stage().pin('tenants'))).to.throw();
    });
  });

  describe('filter_tenants', () => {
    beforeEach(() => {
      load();
    });

    it('passes what no rule is about', () => {
      stage().declareRule('0a010007', '01bb0600', DROP);
      expect(verdict('program', '10.1.0.8', 'tcp', 443), 'another tenant').to.equal('XDP_PASS');
      expect(verdict('program', '10.1.0.7', 'tcp', 80), 'another port').to.equal('XDP_PASS');
      expect(verdict('program', '10.1.0.7', 'udp', 443), 'another protocol').to.equal('XDP_PASS');
    });

    it('drops and passes as the rule says and counts each packet', () => {
      stage().declareRule('0a010007', '01bb0600', DROP);
      stage().declareRule('0a010008', '00501100', PASS);
      expect(verdict('program', '10.1.0.7', 'tcp', 443, '--repeat', '5')).to.equal('XDP_DROP');
      expect(verdict('program', '10.1.0.8', 'udp', 80)).to.equal('XDP_PASS');
      expect(packetsOf('0a010007')).to.equal(5n);
      expect(packetsOf('0a010008')).to.equal(1n);
    });

    it('drops what is longer than its source port may send', () => {
      stage().createInner('longest', 2, 4, 1024);
      bpftool('update', stage().pin('longest'), '0035', '00020000');
      bpftool('update', stage().pin('limits'), '11000000', idAt(stage().pin('longest')));
      const answer = (bytes: number, proto = 'udp') =>
        verdict('program', '10.1.0.7', proto, 9, '--source-port', '53', '--bytes', String(bytes));
      expect(answer(512)).to.equal('XDP_PASS');
      expect(answer(513)).to.equal('XDP_DROP');
      expect(answer(513, 'tcp')).to.equal('XDP_PASS');
    });
  });

  describe('read_templates', () => {
    it('tells the template of both outer types, with CAP_BPF and CAP_PERFMON alone', () => {
      const layout = ['--inner-max', '77', '--inner-flags', '1', '--inner-value-size', '12'];
      const hash = stage().make('hash', '--type', 'hash', ...layout).outer;
      const array = stage().make(
        'array',
        '--type',
        'array',
        '--inner',
        'lpm_trie',
        '--inner-key-size',
        '20',
      ).outer;
      const script = 'bpftool iter pin "$0" "$1" && od -An -v -tu4 -w32 "$1"; rm -f "$1"';
      const keep = [
        'bpf',
        'perfmon',
        '--',
        'bash',
        '-c',
        script,
        join(NATIVE, 'template.bpf.o'),
        stage().pin('iterator'),
      ];
      const records = run(join(NATIVE, 'build', 'driver'), 'drop-caps', ...keep)
        .trimEnd()
        .split('\n')
        .map(line => line.trim().split(/\s+/).map(Number));
      expect(records).to.deep.include([hash, 13, 1, 4, 12, 77, 1, 0]);
      expect(records).to.deep.include([array, 12, 11, 20, 4, 128, 1, 0]);
    });
  });

  describe('driver drop-caps', () => {
    it('keeps uid 0, the named capabilities in every set, and no other', () => {
      const status = run(
        join(NATIVE, 'build', 'driver'),
        'drop-caps',
        'bpf',
        '--',
        'cat',
        '/proc/self/status',
      );
      expect([...status.matchAll(/^Cap\w+:\s*(\w+)$/gm)].map(match => match[1])).to.deep.equal(
        Array(5).fill('0000008000000000'),
      );
      expect(status).to.match(/^Uid:\s*0\s/m);
    });
  });

  describe('driver make', () => {
    for (const inner of ['hash', 'array', 'lpm_trie', 'percpu_hash', 'lru_hash']) {
      it(`inserts ${inner} maps that hold what was asked for`, () => {
        const size = ['--inner-max', '3', '--inners', '2', '--entries', '3', '--stamp', '258'];
        const { inners } = stage().make('outer', '--type', 'hash', '--inner', inner, ...size);
        expect(Object.keys(dumped(stage().pin('outer'))).sort()).to.deep.equal(['00000000', '01000000']);
        run('bpftool', 'map', 'pin', 'id', String(inners[1]), stage().pin('inner'));
        expect(Object.entries(dumped(stage().pin('inner'))).sort()).to.deep.equal(expectedEntries(inner));
      });
    }
  });

  function load() {
    return stage().driver(...loadWords('program'), '--pin-limits', stage().pin('limits'));
  }

  function loadWords(program: string): string[] {
    return ['load', '--pin-outer', stage().pin('tenants'), '--pin-prog', stage().pin(program)];
  }

  function verdict(
    program: string,
    destination: string,
    proto: string,
    port: number,
    ...more: string[]
  ): unknown {
    const packet = ['--dst', destination, '--proto', proto, '--port', String(port), ...more];
    return stage().driver('run', '--pin-prog', stage().pin(program), ...packet)['retval'];
  }

  /** Of the tenant's only rule. */
  function packetsOf(tenant: string): bigint {
    const [value] = Object.values(dumped(stage().pin(tenant)));
    return Buffer.from(value!, 'hex').readBigUInt64LE(8);
  }
});

/** The kernel writes `0-3`. */
function possibleCpus(): number {
  return Number(readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split('-').at(-1)) + 1;
}

/** As bpftool prints them: a full-length prefix has its length in front. */
function expectedEntries(inner: string): [string, string][] {
  const keys = ['00', '01', '02'].map(last =>
    inner === 'lpm_trie' ? `20000000000000${last}` : `${last}000000`,
  );
  const value = inner.startsWith('percpu') ? Array(possibleCpus()).fill('02010000').join() : '02010000';
  return keys.map(key => [key, value]);
}
