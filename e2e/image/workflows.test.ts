import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { REPOSITORY } from '../crdschema.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions?: object;
  readonly defaults?: { readonly run?: { readonly shell?: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = join(REPOSITORY, '.github', 'workflows');
/** Job → what it may write; everything else only reads what is checked out. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  'release.yaml image': ['packages', 'id-token'],
  'release.yaml chart': ['packages', 'id-token'],
  'release.yaml publish': ['contents'],
};

for (const file of readdirSync(FOLDER)) {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const workflow = parse(text) as Workflow;

  describe(`.github/workflows/${file}`, () => {
    it('grants nothing to all jobs, and fails in the middle of a pipe', () => {
      expect(workflow.permissions).to.deep.equal({});
      expect(workflow.defaults?.run?.shell).to.equal('bash');
    });

    it('names no registry, and actions by their commits', () => {
      expect(text).to.not.match(/\b(?:[\w-]+\.)+(?:io|com|dev|org)\b/);
      for (const [, action] of text.matchAll(/uses: (.+)$/gm))
        expect(action).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    for (const [name, job] of Object.entries(workflow.jobs)) {
      it(`${name} ends in time, writes what it must, and runs what is there`, () => {
        expect(job['timeout-minutes']).to.be.within(1, 90);
        const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right !== 'read');
        expect(writes.map(([what]) => what)).to.have.members([...(WRITES[`${file} ${name}`] ?? [])]);
        if (job.needs !== undefined) expect(workflow.jobs).to.have.property(job.needs);
        for (const { run = '' } of job.steps) {
          execFileSync('bash', ['-n'], { input: run.replace(/\$\{\{.*?\}\}/g, 'x') });
          for (const [path] of run.matchAll(/(?:bin|\.ci)\/[\w./-]+/g))
            expect(existsSync(join(REPOSITORY, path)), path).to.equal(true);
        }
      });

      it(`${name} takes values from the outside by environment, never into its script`, () => {
        for (const { run = '' } of job.steps) expect(run).to.not.include('${{');
      });
    }
  });
}
