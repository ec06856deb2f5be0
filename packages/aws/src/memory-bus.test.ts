import { expect, test } from 'vitest';

import { exampleEvent, testEventBus } from './event-bus.conformance.ts';
import { memoryBus } from './memory-bus.ts';

testEventBus('memoryBus', () => {
  const bus = memoryBus();
  return { bus, published: () => bus.published };
});

test('keeps what was published although the publisher changes its object afterwards', async () => {
  const bus = memoryBus();
  const event = exampleEvent();

  await bus.publish(event);
  (event.resources as string[]).push('changed');

  expect(bus.published).toEqual([exampleEvent()]);
});
