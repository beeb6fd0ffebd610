import { expect } from 'chai';
import { KernelError } from '../../error.ts';
import { failureOf, HASH, u32 } from '../contract/fixture.ts';
import { Crash } from './faults.ts';
import { OUTER, ROOT, rejection, request, tenants } from './given.ts';
import { FakeMachine } from './machine.ts';

describe('FakeMachine', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });

  describe('inspection', () => {
    it('dump: outer key → inner entries, in hex', async () => {
      await tenants(machine);
      const entries = { '01000000': '0000000000000000', '02000000': '0100000000000000' };
      expect(machine.dump(`${ROOT}/outer`)).to.deep.equal({ '01000000': entries });
      expect(() => machine.dump(`${ROOT}/nothing`)).to.throw('No pin at /sys/fs/bpf/nothing');
    });

    it('files: every path and what is there', async () => {
      const { pins } = await tenants(machine);
      pins.makeDirectory(`${ROOT}/innermap/tenants`);
      pins.writeRecord(`${ROOT}/innermap/tenants/spec`, '{}');
      expect(machine.files()).to.deep.equal({
        '/sys/fs/bpf/a': 'map 2',
        '/sys/fs/bpf/innermap': 'directory',
        '/sys/fs/bpf/innermap/tenants': 'directory',
        '/sys/fs/bpf/innermap/tenants/spec': 'record {}',
        '/sys/fs/bpf/outer': 'map 1',
      });
    });

    it('openFds: what one process holds, not another', async () => {
      const kernel = await tenants(machine);
      const other = machine.openKernel();
      other.open(`${ROOT}/outer`);
      expect([machine.openFds(kernel), machine.openFds(other)]).to.deep.equal([2, 1]);
    });
  });

  describe('kill', () => {
    it('drops fds, locks and watches; pins and entries stay, and a restart finds them', async () => {
      const kernel = await tenants(machine);
      const loose = kernel.createOuter(OUTER, HASH, 'loose');
      kernel.pins.lock(ROOT);
      const before = machine.files();
      machine.kill(kernel);
      expect(machine.openFds(kernel)).to.equal(0);
      expect(machine.liveMaps().map(map => map.id)).to.not.include(loose.id);
      expect(machine.files()).to.deep.equal(before);
      const restarted = machine.openKernel();
      expect(restarted.pins.lock(ROOT)).to.have.property('release');
      expect((await restarted.readOuter(restarted.open(`${ROOT}/outer`))).count).to.equal(1);
    });

    it('leaves a process that does nothing ever after', async () => {
      const kernel = await tenants(machine);
      const map = kernel.open(`${ROOT}/a`);
      const lock = kernel.pins.lock(ROOT);
      const other = machine.openKernel();
      machine.kill(kernel);
      const taken = other.pins.lock(ROOT);
      if ('release' in lock) lock.release();
      map.close();
      expect(taken).to.have.property('release');
      expect(kernel.pins.lock.bind(kernel.pins, ROOT)).to.throw(Crash);
      expect(() => kernel.pins.unlink(`${ROOT}/a`)).to.throw(Crash);
      expect(await rejection(kernel.build([request('b')]))).to.be.instanceOf(Crash);
      expect(machine.liveMaps()).to.have.length(2);
    });
  });

  describe('onMutation', () => {
    it('announces each mutation before it happens, in words, and counts it', async () => {
      const announced: string[] = [];
      machine.onMutation(description => announced.push(`${machine.mutations} ${description}`));
      await tenants(machine);
      expect(announced).to.deep.equal([
        '1 create outer map tenants',
        '2 pin at /sys/fs/bpf/outer',
        '3 create inner map team-a/a',
        '4 fill inner map team-a/a',
        '5 pin at /sys/fs/bpf/a',
        '6 replace key 01000000 of tenants',
      ]);
    });

    it('reading, listing, opening and locking are no mutations, nor is what is already so', async () => {
      const kernel = await tenants(machine);
      const before = machine.mutations;
      const outer = kernel.open(`${ROOT}/outer`);
      await kernel.readOuter(outer);
      await kernel.readInner([{ pin: `${ROOT}/a` }, { id: 2 }]);
      await kernel.identify([`${ROOT}/a`]);
      await kernel.probe();
      kernel.pins.list(ROOT);
      kernel.pins.lock(ROOT);
      kernel.pins.makeDirectory(ROOT);
      kernel.pins.unlink(`${ROOT}/nothing`);
      expect(machine.mutations).to.equal(before);
    });

    it('a Crash before any step of a build leaves what was before it, and after kill nothing unpinned', async () => {
      for (let fatal = 1; fatal <= 4; fatal += 1) {
        const own = new FakeMachine();
        const kernel = own.openKernel();
        own.onMutation(description => {
          if (own.mutations === fatal) throw new Crash(description);
        });
        expect(await rejection(kernel.build([request('a', { freeze: true })]))).to.be.instanceOf(Crash);
        expect(own.files()).to.deep.equal({});
        own.kill(kernel);
        expect(own.liveMaps()).to.deep.equal([]);
      }
    });

    it('a Crash in the middle of a replacement leaves the entries before it', async () => {
      const kernel = await tenants(machine);
      const outer = kernel.open(`${ROOT}/outer`);
      const inner = kernel.open(`${ROOT}/a`);
      machine.onMutation(description => {
        if (description.includes('key 03')) throw new Crash(description);
      });
      expect(await rejection(kernel.replace(outer, u32(2, 3, 4), [inner, inner, inner]))).to.be.instanceOf(
        Crash,
      );
      machine.kill(kernel);
      expect(Object.keys(machine.dump(`${ROOT}/outer`))).to.deep.equal(['01000000', '02000000']);
    });

    it('a Crash between the two steps of a record leaves the older one, and what is beside', () => {
      const { pins } = machine.openKernel();
      pins.writeRecord(`${ROOT}/record`, 'first');
      machine.onMutation(description => {
        if (description.startsWith('rename')) throw new Crash(description);
      });
      expect(() => pins.writeRecord(`${ROOT}/record`, 'second')).to.throw(Crash);
      machine.onMutation(undefined);
      const restarted = machine.openKernel();
      expect(restarted.pins.readRecord(`${ROOT}/record`)).to.equal('first');
      restarted.pins.writeRecord(`${ROOT}/record`, 'third');
      expect(machine.files()).to.deep.equal({ '/sys/fs/bpf/record': 'record third' });
    });
  });

  describe('failNext', () => {
    it('fails as often as ordered, then no more', async () => {
      const kernel = machine.openKernel();
      machine.failNext('build', 'ENOMEM', 2);
      const answers = await kernel.build(['a', 'b', 'c'].map(name => request(name)));
      const results = answers.map(map => (map instanceof KernelError ? map.message : map.name));
      expect(results.slice(0, 2)).to.deep.equal([
        'Cannot create inner map team-a/a: ENOMEM',
        'Cannot create inner map team-a/b: ENOMEM',
      ]);
      expect(results[2]).to.equal('c');
    });

    it('fails only where a test ordered it', async () => {
      const kernel = machine.openKernel();
      machine.failNext('fill', 'ENOMEM', 1, 'team-a/b');
      const answers = await kernel.build(['a', 'b', 'c'].map(name => request(name)));
      expect(answers.map(map => map instanceof KernelError)).to.deep.equal([false, true, false]);
      expect(machine.liveMaps().map(map => map.name)).to.deep.equal(['a', 'c']);
    });

    it('every step of a build that fails leaves neither fd nor map nor pin', async () => {
      for (const operation of ['build', 'fill', 'freeze', 'pin'] as const) {
        const kernel = machine.openKernel();
        machine.failNext(operation, 'EIO');
        const [failed] = await kernel.build([request('a', { freeze: true })]);
        expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'EIO');
        expect([machine.openFds(kernel), machine.liveMaps(), machine.files()]).to.deep.equal([0, [], {}]);
      }
    });

    it('readings can fail too', async () => {
      const kernel = await tenants(machine);
      const outer = kernel.open(`${ROOT}/outer`);
      machine.failNext('readOuter', 'EINTR');
      machine.failNext('readInner', 'EMFILE');
      expect(await rejection(kernel.readOuter(outer))).to.have.property('errno', 'EINTR');
      const [reading] = await kernel.readInner([{ pin: `${ROOT}/a` }]);
      expect(reading).to.have.property('errno', 'EMFILE');
    });

    it('a mode that cannot be set takes the pin back', () => {
      const kernel = machine.openKernel();
      const outer = kernel.createOuter(OUTER, HASH, 'tenants');
      machine.failNext('chmod', 'EPERM');
      expect(failureOf(() => kernel.pins.pin(outer, `${ROOT}/outer`, 0o644))?.errno).to.equal('EPERM');
      expect(machine.files()).to.deep.equal({});
    });
  });
});
