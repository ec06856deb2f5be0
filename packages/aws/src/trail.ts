import { PermanentError, TransientError } from '@keyturn/rotation/errors';

/** A CloudTrail trail as it is seen from one Region. */
export type Trail = { readonly arn: string; readonly homeRegion: string; readonly multiRegion: boolean };

export type Trails = {
  /** The Region that is asked. */
  readonly region: string;
  /** Those that may record here: of this Region, and the shadows of trails of other Regions and of the organization. */
  list(): Promise<readonly Trail[]>;
  isLogging(arn: string): Promise<boolean>;
};

/** `unknown`: nobody could say; `message` says why. */
export type TrailVerdict =
  | { readonly outcome: 'recorded'; readonly trail: string }
  | { readonly outcome: 'missing' | 'unknown'; readonly message: string };

const consequence =
  'Without a trail that logs, EventBridge hears nothing of a rotation whose handler died, and its owner is told by nobody.';

/**
 * Whether the failures of rotations in this Region reach EventBridge by CloudTrail: a trail of this Region or of all Regions, with logging on.
 * It never throws what AWS or the network says: whoever asks goes on, and tells.
 */
export async function checkTrail(trails: Trails): Promise<TrailVerdict> {
  try {
    return await findTrail(trails);
  } catch (error) {
    if (!(error instanceof PermanentError || error instanceof TransientError)) throw error;
    const message = `Whether CloudTrail records in ${trails.region} could not be asked: ${error.message}. ${consequence}`;
    return { outcome: 'unknown', message };
  }
}

async function findTrail(trails: Trails): Promise<TrailVerdict> {
  const here = (await trails.list()).filter((trail) => trail.multiRegion || trail.homeRegion === trails.region);
  for (const { arn } of here) {
    if (await trails.isLogging(arn)) return { outcome: 'recorded', trail: arn };
  }
  const found = here.length === 0 ? 'no CloudTrail trail records' : 'the CloudTrail trail is there, with logging off,';
  return { outcome: 'missing', message: `In ${trails.region} ${found}. ${consequence}` };
}
