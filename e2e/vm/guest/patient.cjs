// Mocha's limits are for a machine at its own speed: here only a spec that hangs meets one, and tells it.
// What fails here may fail nowhere else: it is told whole.
const { config } = require('chai');
const { Runnable } = require('mocha');

const LEAST_MS = 1_200_000;
config.truncateThreshold = 0;
const { timeout } = Runnable.prototype;

Runnable.prototype.timeout = function (...given) {
  return timeout.apply(
    this,
    given.map(limit => Math.max(Number(limit) || 0, LEAST_MS)),
  );
};
