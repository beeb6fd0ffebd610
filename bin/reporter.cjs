// Mocha's reporter: a line a suite while it runs, failures in full as they happen, skips by name.
// The counts and the slowest suites go to the file that INNERMAP_TEST_SUMMARY names, for bin/suite.sh; else the counts to the
// last line.
const { readdirSync, readlinkSync, writeFileSync } = require('node:fs');
const { Base } = require('mocha').reporters;
const { inspect, styleText, stripVTControlCharacters } = require('node:util');

// Coverage is about this process: the hundreds of agents that tests start and kill would each write megabytes of it.
delete process.env.NODE_V8_COVERAGE;

/** A child or a watch that a spec left alive must not make the run wait for ever. */
const PATIENCE_MS = 10_000;
const SLOWEST = 10;

class LineReporter {
  constructor(runner) {
    this.counts = { passed: 0, failed: 0, skipped: 0 };
    this.suites = [];
    runner.on('suite', suite => this.#begin(suite));
    runner.on('suite end', suite => this.#end(suite));
    runner.on('pass', () => this.#count('passed'));
    runner.on('pending', test => this.#skip(test));
    runner.on('fail', (test, error) => this.#fail(test, error));
    runner.once('end', () => this.#finish());
  }

  #begin(suite) {
    if (!suite.parent?.root) return;
    this.current = { passed: 0, failed: 0, skipped: 0, started: Date.now(), maps: openMaps() };
  }

  #end(suite) {
    if (!suite.parent?.root) return;
    const left = openMaps() - this.current.maps;
    if (left > 0) this.#complain(`${suite.title} leaves ${left} eBPF maps open in this process`);
    const { passed, failed, skipped, started } = this.current;
    const seconds = (Date.now() - started) / 1000;
    this.suites.push({ title: suite.title, seconds });
    const word = failed > 0 ? paint('red', 'FAIL') : paint('green', 'ok  ');
    const more = `${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    console.log(
      `${word} ${suite.title.padEnd(48)} ${String(passed).padStart(5)} passed${more}, ${seconds.toFixed(2)} s`,
    );
  }

  #count(outcome) {
    this.counts[outcome]++;
    if (this.current !== undefined) this.current[outcome]++;
  }

  #skip(test) {
    this.#count('skipped');
    console.log(`${paint('yellow', 'skip')} ${test.fullTitle()}`);
  }

  #fail(test, error) {
    this.#count('failed');
    console.log(`${paint('red', 'FAIL')} ${test.fullTitle()}`);
    console.log(indented(explanation(error)));
  }

  /** Something is wrong that no spec noticed. */
  #complain(text) {
    this.#count('failed');
    console.log(`${paint('red', 'FAIL')} ${text}`);
  }

  #finish() {
    setTimeout(() => {
      this.#complain(`the run does not end by itself: ${process.getActiveResourcesInfo().join(', ')}`);
      this.#tell();
      process.exit(1);
    }, PATIENCE_MS).unref();
    this.#tell();
  }

  #tell() {
    const file = process.env.INNERMAP_TEST_SUMMARY;
    const { passed, failed, skipped } = this.counts;
    if (file === undefined) console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    else writeFileSync(file, JSON.stringify({ ...this.counts, slowest: this.#slowest() }));
  }

  #slowest() {
    return this.suites.toSorted((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
  }
}

/** An open descriptor is a map that never goes away. */
function openMaps() {
  return readdirSync('/proc/self/fd').filter(
    name => targetOf(`/proc/self/fd/${name}`) === 'anon_inode:bpf-map',
  ).length;
}

/** Nothing for a descriptor that was closed meanwhile: that of the listing itself. */
function targetOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The stack without mocha's own frames, and both sides where chai compared two values. */
function explanation(error) {
  if (!(error instanceof Error)) return `thrown, and no Error: ${inspect(error)}`;
  const stack = (error.stack ?? String(error))
    .split('\n')
    .filter(line => !line.includes('node_modules/mocha'));
  const comparable = error.showDiff !== false && 'expected' in error && typeof error.expected !== 'boolean';
  return comparable ? `${stack.join('\n')}\n${sides(error)}` : stack.join('\n');
}

function sides(error) {
  const text = stripVTControlCharacters(Base.generateDiff(plain(error.actual), plain(error.expected)));
  return text.length > 4000 ? `${text.slice(0, 4000)}\n… ${text.length - 4000} characters more` : text;
}

function plain(value) {
  return typeof value === 'string' ? value : inspect(value, { depth: 8, maxArrayLength: 200, sorted: true });
}

function indented(text) {
  return text.replace(/^/gm, '     ');
}

function paint(colour, text) {
  return process.stdout.isTTY ? styleText(colour, text) : text;
}

module.exports = LineReporter;
