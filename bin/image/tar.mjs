import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = 512;
const TYPES = { file: '0', symlink: '2', folder: '5' };

/** A tar archive (ustar) that depends on nothing but what is put in: no times, no owners. Counts and digests what it writes. */
export class TarWriter {
  #fd;
  #hash = createHash('sha256');
  size = 0;

  constructor(path) {
    this.#fd = openSync(path, 'w');
  }

  folder(name, mode = 0o755) {
    this.#write(header({ name: `${name}/`, mode, type: TYPES.folder }));
  }

  symlink(name, target) {
    this.#write(header({ name, mode: 0o777, type: TYPES.symlink, target }));
  }

  file(name, bytes, mode = 0o644) {
    this.#write(header({ name, mode, type: TYPES.file, size: bytes.length }));
    this.#write(bytes);
    this.#write(Buffer.alloc(-bytes.length & (BLOCK - 1)));
  }

  /** Everything below a folder of this machine, in the order of its names. */
  tree(folder, below = '') {
    for (const name of readdirSync(join(folder, below)).sort()) {
      const at = below === '' ? name : `${below}/${name}`;
      const path = join(folder, at);
      const stat = lstatSync(path);
      const mode = stat.mode & 0o7777;
      if (stat.isSymbolicLink()) this.symlink(at, readlinkSync(path));
      else if (stat.isFile()) this.file(at, readFileSync(path), mode);
      else if (stat.isDirectory()) {
        this.folder(at, mode);
        this.tree(folder, at);
      } else throw new Error(`Cannot pack ${path}: it is no file, folder or symlink`);
    }
  }

  /** The SHA-256 of all of it. */
  end() {
    this.#write(Buffer.alloc(2 * BLOCK));
    closeSync(this.#fd);
    return this.#hash.digest('hex');
  }

  #write(bytes) {
    this.#hash.update(bytes);
    this.size += bytes.length;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
  }
}

function header({ name, mode, type, size = 0, target = '' }) {
  const block = Buffer.alloc(BLOCK);
  const { prefix, rest } = split(name);
  const text = (value, at, length) => {
    if (Buffer.byteLength(value) > length)
      throw new Error(`Cannot pack ${name}: ${value} is longer than ${length} bytes`);
    block.write(value, at);
  };
  const octal = (value, at, length) => text(value.toString(8).padStart(length - 1, '0'), at, length - 1);
  text(rest, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(type, 156);
  text(target, 157, 100);
  block.write('ustar\x0000', 257);
  text(prefix, 345, 155);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A name above 100 bytes goes in two parts, at a slash. */
function split(name) {
  if (Buffer.byteLength(name) <= 100) return { prefix: '', rest: name };
  const at = name.indexOf('/', name.length - 101);
  return { prefix: name.slice(0, at), rest: name.slice(at + 1) };
}
