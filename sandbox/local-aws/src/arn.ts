/** The account and Region that local-aws plays. */
export type Place = { readonly account: string; readonly region: string };

export const arn = ({ account, region }: Place, service: string, rest: string) =>
  `arn:aws:${service}:${region}:${account}:${rest}`;

/** The parts of an ARN; undefined where it is none. */
export function parseArn(text: string): { service: string; region: string; account: string; rest: string } | undefined {
  const match = /^arn:aws[\w-]*:([\w-]+):([\w-]*):(\d*):(.+)$/.exec(text);
  if (match === null) return undefined;
  const [, service = '', region = '', account = '', rest = ''] = match;
  return { service, region, account, rest };
}
