/** Numbers of one run, by name. A name says its unit where it is no count. */
export type Metrics = { put(values: Readonly<Record<string, number>>): void };

type EmfOptions = {
  readonly stage: string;
  readonly service: string;
  readonly clock: { now(): number };
  /** Takes one line; standard output unless given. */
  readonly write?: (line: string) => void;
};

export const metricNamespace = 'Keyturn';

/**
 * Metrics in CloudWatch's embedded metric format: a line of the log that CloudWatch makes metrics of, so that no call and no permission is needed. The
 * dimensions are stage and service: an id of a secret would cost a metric of its own, and tell what the metric need not tell.
 */
export function emfMetrics({ stage, service, clock, write = toStandardOutput }: EmfOptions): Metrics {
  return {
    put(values) {
      const metrics = Object.keys(values).map((Name) => ({ Name }));
      const directive = { Namespace: metricNamespace, Dimensions: [['Stage', 'Service']], Metrics: metrics };
      const about = { Timestamp: clock.now(), CloudWatchMetrics: [directive] };
      write(JSON.stringify({ _aws: about, Stage: stage, Service: service, ...values }));
    },
  };
}

// Not by the console, which Lambda puts a prefix before: CloudWatch would not know the line.
function toStandardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}
