// What the bundle has of prom-client: a registry and the kinds of metrics that the operator has. Its index loads gateways,
// clusters of processes and OpenTelemetry too, and with them Node's cluster and v8.
export { default as Counter } from 'prom-client/lib/counter.js';
export { default as Gauge } from 'prom-client/lib/gauge.js';
export { default as Histogram } from 'prom-client/lib/histogram.js';
export { default as Registry } from 'prom-client/lib/registry.js';
