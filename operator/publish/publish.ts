import type { Report } from '../core/report/report.ts';

/** Publishes the report of each turn. */
export interface Publisher {
  publish(report: Report): Promise<void>;
}
