import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LoadedAgentFixture } from '../support/loadedagent.ts';
import { fileText } from '../support/manifests.ts';
import { FILES, type Model } from './model.ts';
import type { Random } from './random.ts';

/** What somebody may save by mistake. */
const NONSENSE: readonly (string | Uint8Array)[] = [
  '',
  '\n\n---\n',
  'kind: [unclosed',
  '\0\u0001\u0002',
  '{"apiVersion": "innermap.io/v1alpha1", "kind": "InnerMap"',
  `${'- '.repeat(3000)}x`,
  `${'['.repeat(100_000)}`,
  `a: ${'x'.repeat(200_000)}\n`,
  'apiVersion: innermap.io/v1alpha1\nkind: InnerMap\nmetadata: {name: a, namespace: a}\nspec: 7\n',
  'a: &a [*a]\n',
  Uint8Array.from([0xff, 0xfe, 0x61, 0, 0x3a, 0]),
  Uint8Array.from([0xc3, 0x28, 0xa0, 0xa1]),
];

/** Writes the manifests of a model, in the ways that people and programs do it, and spoils them. */
export class Vandal {
  readonly #fixture: LoadedAgentFixture;
  readonly #model: Model;
  readonly #random: Random;
  readonly #data: string;
  #versions = 0;

  constructor(fixture: LoadedAgentFixture, model: Model, random: Random) {
    this.#fixture = fixture;
    this.#model = model;
    this.#random = random;
    this.#data = join(fixture.directory, 'data');
    mkdirSync(this.#data);
  }

  /** One file as the model has it. */
  save(file: string): void {
    const text = fileText(this.#model.manifests(file));
    if (file === 'linked.yaml') this.#swapLink(file, text);
    else if (this.#random.once(2)) this.#fixture.writeText(file, text);
    else writeFileSync(this.#path(file), text);
  }

  saveAll(): void {
    for (const file of ['outers.yaml', ...FILES]) this.save(file);
  }

  /** One file as nobody meant it. */
  spoil(): void {
    const file = this.#random.of(['outers.yaml', ...FILES]);
    const path = this.#path(file);
    const text = fileText(this.#model.manifests(file));
    const ways: readonly (() => void)[] = [
      () => writeFileSync(path, this.#random.of(NONSENSE)),
      () => writeFileSync(path, text.slice(0, this.#random.number(text.length + 1))),
      () => rmSync(path, { force: true }),
      () => existsSync(path) && truncateSync(path, this.#random.number(text.length + 1)),
      () => existsSync(path) && renameSync(path, this.#path('renamed.yml')),
      () => writeFileSync(this.#path('copy.yaml'), text),
      () => symlinkSync('nowhere', this.#path(`broken-${++this.#versions}.yaml`)),
      () => mkdirSync(this.#path(`directory-${++this.#versions}.yaml`)),
      () => writeFileSync(this.#path('more.json'), this.#random.of(NONSENSE)),
      () => this.#replaceFolder(),
    ];
    this.#random.of(ways)();
  }

  /** Everything again as the model has it, and nothing else. */
  heal(): void {
    const known = new Set<string>(['outers.yaml', ...FILES]);
    mkdirSync(this.#fixture.manifests, { recursive: true });
    for (const name of readdirSync(this.#fixture.manifests))
      if (!known.has(name)) rmSync(this.#path(name), { recursive: true, force: true });
    this.saveAll();
  }

  /** As a ConfigMap's files: a link that is swapped for another. */
  #swapLink(file: string, text: string): void {
    const target = join(this.#data, `v${++this.#versions}.yaml`);
    writeFileSync(target, text);
    const beside = join(this.#data, `link-${this.#versions}`);
    symlinkSync(target, beside);
    renameSync(beside, this.#path(file));
  }

  /** The whole folder makes room for a copy. */
  #replaceFolder(): void {
    const away = `${this.#fixture.manifests}-${++this.#versions}`;
    renameSync(this.#fixture.manifests, away);
    if (this.#random.once(2)) mkdirSync(this.#fixture.manifests);
    else renameSync(away, this.#fixture.manifests);
  }

  #path(file: string): string {
    return join(this.#fixture.manifests, file);
  }
}
