import { md5, md5OfAttributes, type MessageAttributes } from './sqs-checksums.ts';
import { ServiceError } from './service-error.ts';

/** Seconds, as in SQS. */
export type QueueSettings = {
  delay: number;
  visibilityTimeout: number;
  retention: number;
  receiveWait: number;
  maximumMessageSize: number;
  redrive: { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
  /** The queue's policy, as JSON. */
  policy: string | undefined;
  /** Attributes that change nothing here (encryption). */
  other: Readonly<Record<string, string>>;
};

export type Message = {
  readonly id: string;
  readonly body: string;
  readonly md5: string;
  readonly attributes: MessageAttributes;
  readonly traceHeader: string | undefined;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  visibleAt: number;
  firstReceivedAt: number | undefined;
  receiveCount: number;
  receipt: string | undefined;
  /** Where it came from, if redrive brought it. */
  deadLetterSource: string | undefined;
};

export type Received = {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly md5: string;
  readonly attributes: MessageAttributes;
  readonly md5OfAttributes: string | undefined;
  readonly systemAttributes: Readonly<Record<string, string>>;
};

export type Queue = {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly createdAt: number;
  readonly settings: QueueSettings;
  readonly messages: readonly Message[];
  send(message: {
    body: string;
    attributes?: MessageAttributes;
    delay?: number | undefined;
    traceHeader?: string | undefined;
  }): Message;
  receive(request: { max: number; visibilityTimeout?: number | undefined }): readonly Received[];
  remove(receipt: string): void;
  changeVisibility(receipt: string, seconds: number): void;
  purge(): void;
  /** Puts a message of another queue here. */
  take(message: Message): void;
  /** Takes the first message that is not being handled, for a move task. */
  giveUp(): Message | undefined;
  counts(): { visible: number; inFlight: number; delayed: number };
};

export type QueueOptions = {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly account: string;
  readonly settings: QueueSettings;
  readonly now: () => number;
  /** Of the dead-letter queue. */
  readonly findByArn: (arn: string) => Queue | undefined;
  /** Called when a message may have become receivable. */
  readonly onMessage: () => void;
};

export function sqsQueue(options: QueueOptions): Queue {
  const { name, arn, url, settings, now: time, findByArn, onMessage } = options;
  let messages: Message[] = [];

  const without = (gone: Message | undefined) => (messages = messages.filter((message) => message !== gone));
  const expire = () => {
    const oldest = time() - settings.retention * 1000;
    messages = messages.filter(({ sentAt }) => sentAt > oldest);
  };

  /** A receipt of a message that is being handled; undefined once it was deleted. */
  const held = (receipt: string): Message | undefined => {
    const id = idOf(receipt);
    return messages.find((message) => message.id === id && message.receipt === receipt);
  };

  return {
    name,
    arn,
    url,
    settings,
    createdAt: time(),
    get messages() {
      return messages;
    },
    send({ body, attributes = {}, delay = settings.delay, traceHeader }) {
      const sentAt = time();
      const message = newMessage({ body, attributes, traceHeader, sentAt, visibleAt: sentAt + delay * 1000 });
      messages.push(message);
      onMessage();
      return message;
    },
    receive({ max, visibilityTimeout = settings.visibilityTimeout }) {
      expire();
      const batch: Received[] = [];
      for (const message of messages.filter(({ visibleAt }) => visibleAt <= time())) {
        if (batch.length === max) break;
        const target = isSpent(message, settings) ? findByArn(settings.redrive?.deadLetterTargetArn ?? '') : undefined;
        if (target === undefined) {
          batch.push(receivedOf(message, handOut(message, time(), visibilityTimeout), options.account));
        } else {
          without(message);
          target.take({ ...message, deadLetterSource: arn });
        }
      }
      return batch;
    },
    remove: (receipt) => void without(held(receipt)),
    changeVisibility(receipt, seconds) {
      const message = held(receipt);
      const inFlight = message !== undefined && message.visibleAt > time();
      if (!inFlight) throw notInFlight(receipt);
      message.visibleAt = time() + seconds * 1000;
      if (seconds === 0) onMessage();
    },
    purge: () => void (messages = []),
    take(message) {
      messages.push(untouched(message, time()));
      onMessage();
    },
    giveUp() {
      expire();
      const message = messages.find(({ visibleAt }) => visibleAt <= time());
      without(message);
      return message;
    },
    counts: () => {
      expire();
      return countsOf(messages, time());
    },
  };
}

/** Whether redrive takes the message away now. */
const isSpent = ({ receiveCount }: Message, { redrive }: QueueSettings) =>
  redrive !== undefined && receiveCount >= redrive.maxReceiveCount;

function countsOf(messages: readonly Message[], now: number) {
  const hidden = messages.filter(({ visibleAt }) => visibleAt > now);
  const inFlight = hidden.filter(({ receiveCount }) => receiveCount > 0).length;
  return { visible: messages.length - hidden.length, inFlight, delayed: hidden.length - inFlight };
}

/** Hides the message and answers the receipt by which it can be deleted. An older receipt is worth nothing from now on. */
function handOut(message: Message, now: number, visibilityTimeout: number): string {
  const receipt = Buffer.from(`${message.id} ${crypto.randomUUID()}`).toString('base64');
  message.receiveCount += 1;
  message.firstReceivedAt ??= now;
  message.visibleAt = now + visibilityTimeout * 1000;
  message.receipt = receipt;
  return receipt;
}

const untouched = (message: Message, now: number): Message => ({
  ...message,
  visibleAt: now,
  receiveCount: 0,
  firstReceivedAt: undefined,
  receipt: undefined,
});

type Sent = Pick<Message, 'body' | 'attributes' | 'traceHeader' | 'sentAt' | 'visibleAt'>;

const newMessage = (sent: Sent): Message => ({
  ...sent,
  id: crypto.randomUUID(),
  md5: md5(sent.body),
  firstReceivedAt: undefined,
  receiveCount: 0,
  receipt: undefined,
  deadLetterSource: undefined,
});

function idOf(receipt: string): string {
  const [id = '', nonce] = Buffer.from(receipt, 'base64').toString().split(' ');
  if (nonce !== undefined) return id;
  throw new ServiceError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
}

const notInFlight = (receipt: string) =>
  new ServiceError('MessageNotInflight', `Message ${idOf(receipt)} is not in flight.`, {
    queryName: 'AWS.SimpleQueueService.MessageNotInflight',
  });

function receivedOf(message: Message, receipt: string, account: string): Received {
  return {
    id: message.id,
    receipt,
    body: message.body,
    md5: message.md5,
    attributes: message.attributes,
    md5OfAttributes: md5OfAttributes(message.attributes),
    systemAttributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
      SentTimestamp: String(message.sentAt),
      SenderId: account,
      ...(message.deadLetterSource === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSource }),
      ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
    },
  };
}
