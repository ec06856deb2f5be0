import { localAws } from '@keyturn/local-aws/local-aws';

import { keyedApi } from '../keyed-api.ts';

// What Secrets Manager, the API and the rotation are on AWS is played here; the handler is the one that is deployed.
const aws = await localAws();
const api = await keyedApi('first');
Object.assign(process.env, aws.environment, { ORDERS_SECRET: 'orders/apigee', ORDERS_URL: api.url });
const value = (key: string, n: number) => ({
  SecretString: JSON.stringify({ key }),
  ClientRequestToken: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
});
const { ARN } = await aws.secrets.createSecret({ Name: 'orders/apigee', ...value('first', 1) });
const { handler } = await import('./handler.ts');
const tell = (what: string, answer: unknown) => console.log(what, JSON.stringify(answer));

tell('before the rotation:', await handler({}, {}));

await aws.secrets.putSecretValue({ SecretId: 'orders/apigee', ...value('second', 2) });
api.accepted.add('second');
api.accepted.delete('first');
tell('the old key is dead, nobody was told:', await handler({}, {}));

const event = { source: 'keyturn', 'detail-type': 'SecretRotated', detail: { data: { secretArn: ARN } } };
tell('the event of the rotation:', await handler(event, {}));

api.close();
await aws.close();
