import type { Delivery, Interest, Webhook } from './webhook.ts';

/** A system to look at. `failNext` makes the next delivery fail before it arrives. */
export function memoryWebhook(
  interest: Interest,
): Webhook & { readonly received: Delivery[]; failNext(error: Error): void } {
  const received: Delivery[] = [];
  const failures: Error[] = [];
  return {
    interest,
    received,
    failNext: (error) => void failures.push(error),
    async send(delivery) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      received.push(delivery);
    },
  };
}
