import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLog } from './log.ts';

function written(): { stream: Writable; lines: () => string[] } {
  let text = '';
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stream, lines: () => text.split('\n').filter(line => line !== '') };
}

describe('createLog', () => {
  it('writes a JSON object a line, with time, level, message and fields', () => {
    const { stream, lines } = written();
    const before = Date.now();
    createLog({ level: 'info', json: true, stream }).info('Turn finished', {
      inserted: 3,
      error: new Error('EPERM'),
      id: 5n,
      none: undefined,
    });
    const { time, ...rest } = JSON.parse(lines()[0]!);
    expect(rest).to.deep.equal({
      level: 'info',
      message: 'Turn finished',
      inserted: 3,
      error: 'EPERM',
      id: '5',
    });
    expect(new Date(time).getTime()).to.be.within(before, Date.now());
  });

  it('outlives whoever reads it', () => {
    const { stream } = written();
    createLog({ level: 'info', json: true, stream });
    expect(() => stream.emit('error', new Error('EPIPE'))).to.not.throw();
  });

  it('writes text for people, with fields as name=value on one line', () => {
    const { stream, lines } = written();
    createLog({ level: 'info', json: false, stream }).warn('Cannot read', {
      file: 'a b.yaml',
      line: 3,
      text: 'x\ny\u001b[2J',
    });
    expect(lines()).to.have.length(1);
    expect(lines()[0]).to.match(/^\S+Z WARN {2}Cannot read file="a b\.yaml" line=3 text="x\\ny\\u001b\[2J"$/);
  });

  for (const json of [false, true])
    it(`keeps a message from outside on one line, and lets no terminal obey it, as ${json ? 'JSON' : 'text'}`, () => {
      const { stream, lines } = written();
      const evil = 'a.yaml: x\n2026-01-01T00:00:00Z ERROR forged \u001b[2J\u009b2J\u202e\r';
      createLog({ level: 'info', json, stream }).warn(evil, { object: evil, list: [evil] });
      expect(lines()).to.have.length(1);
      expect(lines()[0]).to.not.match(/[\p{Cc}\u202e]/u);
      if (json) expect(JSON.parse(lines()[0]!)).to.include({ message: evil, object: evil });
    });

  it('colours the level on a terminal, unless NO_COLOR is set', () => {
    const line = (noColor: string) => {
      const { stream, lines } = written();
      const before = process.env['NO_COLOR'];
      process.env['NO_COLOR'] = noColor;
      createLog({ level: 'info', json: false, stream: Object.assign(stream, { isTTY: true }) }).warn('x');
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
      return lines()[0];
    };
    expect(line('')).to.contain('\u001b[33m');
    expect(line('1')).to.not.contain('\u001b');
  });

  it('writes what is at its level and above', () => {
    const { stream, lines } = written();
    const log = createLog({ level: 'warn', json: false, stream });
    log.error('a');
    log.warn('b');
    log.info('c');
    expect(lines().map(line => line.split(' ').at(-1))).to.deep.equal(['a', 'b']);
  });

  it('colours the level on a terminal', () => {
    const { stream, lines } = written();
    createLog({ level: 'info', json: false, stream: Object.assign(stream, { isTTY: true }) }).error('x');
    expect(lines()[0]).to.include('\u001b[31mERROR\u001b[0m');
  });

  it('refuses a level that it does not know, and names those that it does', () => {
    expect(() => createLog({ level: 'loud', json: false })).to.throw(
      'Cannot log at level loud: use error, warn, info, debug',
    );
  });
});
