import { expect } from 'chai';
import { KernelError } from '../error.ts';
import { errnoName, fileError, kernelError, openFilesLimit } from './errno.ts';

describe('errno', () => {
  it('errnoName: the kernel’s names, ENOTSUPP among them, and a number where there is none', () => {
    const names = [1, 2, 7, 11, 12, 22, 28, 95, 524, 9999].map(errnoName);
    expect(names).to.deep.equal([
      ...['EPERM', 'ENOENT', 'E2BIG', 'EAGAIN', 'ENOMEM', 'EINVAL', 'ENOSPC', 'EOPNOTSUPP', 'ENOTSUPP'],
      'E9999',
    ]);
  });

  it('kernelError: says what, where, why, and what to do', () => {
    const error = kernelError('create inner map', 'team-a/web', -12);
    expect(error).to.be.instanceOf(KernelError);
    expect(error.message).to.match(/^Cannot create inner map team-a\/web: ENOMEM, .*memory/);
    expect(kernelError('open', 'x', -24).message).to.contain(`${openFilesLimit()} files open`);
    expect(kernelError('open', 'x', -524).message).to.contain('this kernel cannot');
  });

  it('kernelError: a detail that is given comes instead of the general one', () => {
    expect(kernelError('open', 'x', -12, 'because').message).to.equal('Cannot open x: ENOMEM, because');
  });

  it('fileError: takes what node:fs throws, and throws on what it did not', () => {
    const thrown = Object.assign(new Error('gone'), { code: 'ENOENT' });
    expect(fileError('list', '/x', thrown).errno).to.equal('ENOENT');
    expect(() => fileError('list', '/x', new TypeError('wrong'))).to.throw(TypeError);
  });
});
