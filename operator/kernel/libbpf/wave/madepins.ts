import { rmSync } from 'node:fs';
import { forEachSliced } from '../../../timing/sliced.ts';

/** So many names are one text. */
const MOST = 256;

/**
 * Pins that a wave has made, until it is told whole: an error takes them back. Ten thousand paths would be 1.5 MB at the moment
 * when memory is at its peak: a directory is kept once, and names as texts of many.
 */
export class MadePins {
  readonly #texts: { readonly directory: string; readonly names: string }[] = [];
  #directory = '';
  #names: string[] = [];

  add(pins: readonly string[]): void {
    for (const pin of pins) {
      const end = pin.lastIndexOf('/');
      if (end !== this.#directory.length || !pin.startsWith(this.#directory) || this.#names.length === MOST)
        this.#begin(pin.slice(0, end));
      this.#names.push(pin.slice(end + 1));
    }
  }

  async remove(): Promise<void> {
    this.#begin('');
    const paths = this.#texts.flatMap(({ directory, names }) =>
      names.split('/').map(name => `${directory}/${name}`),
    );
    await forEachSliced(paths, path => rmSync(path, { force: true }));
  }

  #begin(directory: string): void {
    if (this.#names.length > 0)
      this.#texts.push({ directory: this.#directory, names: this.#names.join('/') });
    this.#directory = directory;
    this.#names = [];
  }
}
