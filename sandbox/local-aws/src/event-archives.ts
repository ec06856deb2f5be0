import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import { arn, type Place } from './arn.ts';
import type { Background } from './background.ts';
import type { Bus, EventBuses, EventEnvelope } from './event-bridge.ts';
import { eventPattern, type Pattern } from './event-pattern.ts';
import { operation, type Operations } from './operation.ts';
import { ServiceError, validation } from './service-error.ts';

type Archive = {
  readonly name: string;
  readonly arn: string;
  readonly busArn: string;
  readonly pattern: string | undefined;
  readonly fits: Pattern;
  readonly retentionDays: number;
  readonly createdAt: number;
  readonly events: { readonly event: EventEnvelope; readonly at: number }[];
};

type Replay = {
  readonly name: string;
  readonly archive: Archive;
  readonly from: number;
  readonly to: number;
  readonly startedAt: number;
  state: 'RUNNING' | 'COMPLETED';
};

export type ArchivesOptions = {
  readonly place: Place;
  readonly clock: Clock;
  readonly background: Background;
  readonly buses: () => EventBuses;
};

const name = z.string().regex(/^[\w.-]{1,64}$/);
const seconds = z.number().transform((value) => value * 1000);

export type Archives = {
  add(archive: { name: string; busArn: string; pattern: string | undefined; retentionDays: number }): Archive;
  /** Takes note of an event on a bus. A replayed one is not archived again. */
  keep(bus: Bus, event: EventEnvelope): void;
  readonly operations: Operations;
};

/** Keeps the events of a bus, and puts them there again: with `replay-name`, and under a new id. */
export function eventArchives({ place, clock, background, buses }: ArchivesOptions): Archives {
  const archives = new Map<string, Archive>();

  const add: Archives['add'] = (input) => {
    if (archives.has(input.name)) {
      throw new ServiceError('ResourceAlreadyExistsException', `Archive ${input.name} already exists.`);
    }
    const archive: Archive = {
      ...input,
      busArn: buses().find(input.busArn).arn,
      arn: arn(place, 'events', `archive/${input.name}`),
      fits: input.pattern === undefined ? () => true : eventPattern(input.pattern),
      createdAt: clock.now(),
      events: [],
    };
    archives.set(input.name, archive);
    return archive;
  };

  return {
    add,
    keep(bus, event) {
      for (const archive of archives.values()) {
        const isKept = archive.busArn === bus.arn && event['replay-name'] === undefined && archive.fits(event);
        if (isKept) archive.events.push({ event, at: clock.now() });
      }
    },
    operations: {
      ...archiveOperations(add, archives),
      ...replayOperations({ place, clock, background, buses }, archives),
    },
  };
}

function archiveOperations(add: Archives['add'], archives: ReadonlyMap<string, Archive>): Operations {
  return {
    CreateArchive: operation(
      z.object({
        ArchiveName: name,
        EventSourceArn: z.string(),
        EventPattern: z.string().optional(),
        RetentionDays: z.int().min(0).default(0),
      }),
      (input) => {
        const created = add({
          name: input.ArchiveName,
          busArn: input.EventSourceArn,
          pattern: input.EventPattern,
          retentionDays: input.RetentionDays,
        });
        return { ArchiveArn: created.arn, State: 'ENABLED', CreationTime: new Date(created.createdAt) };
      },
    ),
    DescribeArchive: operation(z.object({ ArchiveName: name }), ({ ArchiveName }) => {
      const archive = archives.get(ArchiveName) ?? missing('Archive', ArchiveName);
      return {
        ArchiveName,
        ArchiveArn: archive.arn,
        EventSourceArn: archive.busArn,
        EventPattern: archive.pattern,
        RetentionDays: archive.retentionDays,
        EventCount: archive.events.length,
        State: 'ENABLED',
        CreationTime: new Date(archive.createdAt),
      };
    }),
  };
}

const newReplay = z.object({
  ReplayName: name,
  EventSourceArn: z.string(),
  EventStartTime: seconds,
  EventEndTime: seconds,
  Destination: z.object({ Arn: z.string() }),
});

function replayOperations(options: ArchivesOptions, archives: ReadonlyMap<string, Archive>): Operations {
  const { place, clock, background, buses } = options;
  const replays = new Map<string, Replay>();
  const arnOf = (replayName: string) => arn(place, 'events', `replay/${replayName}`);

  return {
    StartReplay: operation(newReplay, (input) => {
      const archive = [...archives.values()].find((each) => each.arn === input.EventSourceArn);
      if (archive === undefined) return missing('Archive', input.EventSourceArn);
      if (replays.has(input.ReplayName)) {
        throw new ServiceError('ResourceAlreadyExistsException', `Replay ${input.ReplayName} already exists.`);
      }
      if (input.Destination.Arn !== archive.busArn) throw validation('A replay goes to the bus that was archived.');
      if (input.EventEndTime <= input.EventStartTime) throw validation('EventEndTime must be after EventStartTime.');
      const { ReplayName, EventStartTime: from, EventEndTime: to } = input;
      const replay: Replay = { name: ReplayName, archive, from, to, startedAt: clock.now(), state: 'RUNNING' };
      replays.set(ReplayName, replay);
      background.run(async () => putAgain(replay, buses()));
      return { ReplayArn: arnOf(ReplayName), State: 'STARTING', ReplayStartTime: new Date(replay.startedAt) };
    }),
    DescribeReplay: operation(z.object({ ReplayName: name }), ({ ReplayName }) => {
      const found = replays.get(ReplayName) ?? missing('Replay', ReplayName);
      return {
        ReplayName,
        ReplayArn: arnOf(ReplayName),
        State: found.state,
        EventSourceArn: found.archive.arn,
        EventStartTime: new Date(found.from),
        EventEndTime: new Date(found.to),
        ReplayStartTime: new Date(found.startedAt),
      };
    }),
  };
}

function putAgain(replay: Replay, buses: EventBuses): void {
  const { archive, from, to, name: replayName } = replay;
  const bus = buses.find(archive.busArn);
  for (const { event } of archive.events.filter(({ at }) => at >= from && at <= to)) {
    const { source, resources, detail, time } = event;
    const again = { source, resources, detail, time, 'detail-type': event['detail-type'] };
    buses.put(bus, { ...again, 'replay-name': replayName });
  }
  replay.state = 'COMPLETED';
}

function missing(kind: string, found: string): never {
  throw new ServiceError('ResourceNotFoundException', `${kind} ${found} does not exist.`);
}
