import type { Report } from '../core/report/report.ts';

/** Where a turn's report goes. */
export interface Publisher {
  publish(report: Report): Promise<void>;
}
