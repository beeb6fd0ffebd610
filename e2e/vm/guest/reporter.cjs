// Mocha's reporter in a machine: a line a spec, for e2e/vm/run.ts to count. Mocha ends with 0 whatever they say.
const PATIENCE_MS = 120_000;

class SpecReporter {
  constructor(runner) {
    runner.on('test', test => console.log(`@begin ${test.fullTitle()}`));
    runner.on('pass', test => tell(test, 'passed'));
    runner.on('pending', test => tell(test, 'skipped'));
    runner.on('fail', (test, error) => tell(test, 'failed', String(error?.stack ?? error)));
    runner.once('end', () => {
      setTimeout(() => {
        tell({ fullTitle: () => 'the run' }, 'failed', `It does not end by itself: ${resources()}`);
        process.exit(0);
      }, PATIENCE_MS).unref();
    });
  }

  /** Mocha's own answer to how it went. */
  done(_failures, finish) {
    finish(0);
  }
}

function tell(test, outcome, error) {
  console.log(`@spec ${JSON.stringify({ title: test.fullTitle(), outcome, error })}`);
}

function resources() {
  return process.getActiveResourcesInfo().join(', ');
}

module.exports = SpecReporter;
