import { expect } from 'chai';
import fc from 'fast-check';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import { failureOf, HASH, u32 } from '../contract/fixture.ts';
import { OUTER, ROOT, request } from './given.ts';
import type { FakeKernel } from './kernel.ts';
import { FakeMachine } from './machine.ts';

describe('FakeMap', () => {
  it('maps live exactly as long as an fd, a pin or an entry refers to them', async () => {
    const step = fc.record({
      verb: fc.constantFrom('build', 'close', 'unlink', 'rename', 'replace', 'remove', 'restart'),
      a: fc.nat(3),
      b: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async steps => {
        const own = new FakeMachine();
        const walk = new Walk(own);
        for (const { verb, a, b } of steps) await walk.take(verb, a, b);
        expect(own.liveMaps().map(map => map.id)).to.have.members([...walk.expected()]);
        walk.end();
        expect(own.liveMaps()).to.deep.equal([]);
      }),
    );
  });
});

/** Random steps, and a model of their result: an id lives while the model has it anywhere. */
class Walk {
  readonly #machine: FakeMachine;
  #kernel: FakeKernel;
  #outer: OpenMap;
  #open = new Map<number, OpenMap>();
  readonly #pins = new Map<number, number>();
  readonly #entries = new Map<number, number>();

  constructor(machine: FakeMachine) {
    this.#machine = machine;
    this.#kernel = machine.openKernel();
    this.#outer = this.#kernel.createOuter(OUTER, HASH, 'outer');
    this.#kernel.pins.pin(this.#outer, `${ROOT}/outer`, 0o600);
  }

  expected(): Set<number> {
    const open = [...this.#open.values()].map(map => map.id);
    return new Set([this.#outer.id, ...open, ...this.#pins.values(), ...this.#entries.values()]);
  }

  end(): void {
    for (const name of this.#kernel.pins.list(ROOT)) this.#kernel.pins.unlink(`${ROOT}/${name}`);
    this.#machine.kill(this.#kernel);
  }

  async take(verb: string, a: number, b: number): Promise<void> {
    if (verb === 'build') await this.#build(a);
    if (verb === 'close') this.#close(a);
    if (verb === 'unlink') this.#unlink(a);
    if (verb === 'rename') this.#rename(a, b);
    if (verb === 'replace') await this.#replace(a, b);
    if (verb === 'remove') await this.#remove(a);
    if (verb === 'restart') this.#restart();
  }

  async #build(a: number): Promise<void> {
    if (this.#open.has(a)) return;
    const [map] = await this.#kernel.build([request(`m${a}`)]);
    if (map instanceof KernelError) {
      expect([map.errno, this.#pins.has(a)]).to.deep.equal(['EEXIST', true]);
      return;
    }
    this.#open.set(a, map!);
    this.#pins.set(a, map!.id);
  }

  #close(a: number): void {
    this.#open.get(a)?.close();
    this.#open.delete(a);
  }

  #unlink(a: number): void {
    this.#kernel.pins.unlink(`${ROOT}/m${a}`);
    this.#pins.delete(a);
  }

  #rename(a: number, b: number): void {
    const id = this.#pins.get(a);
    const error = failureOf(() => this.#kernel.pins.rename(`${ROOT}/m${a}`, `${ROOT}/m${b}`));
    expect(error?.errno).to.equal(id === undefined ? 'ENOENT' : undefined);
    if (id === undefined) return;
    this.#pins.delete(a);
    this.#pins.set(b, id);
  }

  async #replace(a: number, b: number): Promise<void> {
    const inner = this.#open.get(b);
    if (inner === undefined) return;
    expect((await this.#kernel.replace(this.#outer, u32(a), [inner])).size).to.equal(0);
    this.#entries.set(a, inner.id);
  }

  async #remove(a: number): Promise<void> {
    expect((await this.#kernel.remove(this.#outer, u32(a))).size).to.equal(0);
    this.#entries.delete(a);
  }

  #restart(): void {
    this.#machine.kill(this.#kernel);
    this.#open = new Map();
    this.#kernel = this.#machine.openKernel();
    this.#outer = this.#kernel.open(`${ROOT}/outer`);
  }
}
