import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';

import { newId, type Runtime } from './runtime.ts';
import { SecretError } from './secret-error.ts';
import { within } from './within.ts';

export type EventSenderOptions = {
  /** The ARN of Keyturn's bus, or its name where it is in this account: `keyturn-<stage>`. */
  readonly bus: string;
  /** A client of your own, for credentials or a proxy. Default: `@aws-sdk/client-eventbridge`, which is loaded at the first word. */
  readonly client?: EventBridgeClient;
};

type Fact = { readonly secretArn: string; readonly versionId: string; readonly reader: string };

/** Puts VersionAdopted on Keyturn's bus. Rejects where the bus did not take it within three seconds. */
export function eventSender({ bus, client }: EventSenderOptions, runtime: Runtime): (fact: Fact) => Promise<void> {
  return async (fact) => {
    const { secretArn, versionId, reader } = fact;
    const metadata = {
      eventId: newId(),
      schemaVersion: '1.0',
      occurredAt: new Date(runtime.now()).toISOString(),
      correlationId: versionId,
      causationId: null,
      idempotencyKey: `${secretArn}#${versionId}#${reader}#adopted`,
      traceparent: null,
    };
    const entry = {
      EventBusName: bus,
      Source: 'keyturn',
      DetailType: 'VersionAdopted',
      Resources: [secretArn],
      Detail: JSON.stringify({ metadata, data: fact }),
    };
    await within(runtime, 3000, secretArn, async (abortSignal) => {
      const sdk = await import('@aws-sdk/client-eventbridge');
      client ??= new sdk.EventBridgeClient({});
      const command = new sdk.PutEventsCommand({ Entries: [entry] });
      const { FailedEntryCount: failed } = await client.send(command, { abortSignal });
      if (failed) throw new SecretError('UNAVAILABLE', secretArn);
    });
  };
}
