import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf';

/** As much of Secrets Manager as a reader sees: one secret, with stages, over HTTP on loopback. */
export async function secretsServer() {
  const versions = new Map<string, string>();
  const state = { current: '', pending: undefined as string | undefined, calls: 0, delayMs: 0, failing: false };

  const server = createServer((request, response) => {
    void (async () => {
      const { VersionStage = 'AWSCURRENT' } = JSON.parse(await text(request)) as { VersionStage?: string };
      state.calls++;
      const { current, pending, failing } = state;
      await sleep(state.delayMs);
      const id = VersionStage === 'AWSPENDING' ? pending : current;
      const found = !failing && id !== undefined;
      const refusal = failing ? 'InternalServiceError' : 'ResourceNotFoundException';
      response.writeHead(found ? 200 : failing ? 500 : 400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(
        JSON.stringify(
          found
            ? { ARN: arn, Name: 'stripe', VersionId: id, VersionStages: [VersionStage], SecretString: versions.get(id) }
            : { __type: refusal, message: refusal },
        ),
      );
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  let count = 0;
  const put = (apiKey: string): string => {
    const id = `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
    versions.set(id, JSON.stringify({ apiKey }));
    return id;
  };
  return {
    state,
    endpoint: `http://127.0.0.1:${port}`,
    /** A new version becomes current, or waits as the pending one. */
    rotate: (apiKey: string) => void (state.current = put(apiKey)),
    prepare: (apiKey: string) => void (state.pending = put(apiKey)),
    promote: () => {
      state.current = state.pending ?? state.current;
      state.pending = undefined;
    },
    /** How many calls `run` makes. */
    async callsOf(run: () => Promise<unknown>): Promise<number> {
      const before = state.calls;
      await run();
      return state.calls - before;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type SecretsServer = Awaited<ReturnType<typeof secretsServer>>;
