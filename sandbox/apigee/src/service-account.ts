import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { ServiceAccountKey } from './simulator.ts';

export type ServiceAccount = {
  clientEmail: string;
  keyId: string;
  publicKey: () => KeyObject;
  /** The key file as Google hands it out. */
  keyFile: (tokenUri: string) => ServiceAccountKey;
};

// One pair for the whole process, made when somebody asks: it takes longer than a test may.
let pair: { privateKey: KeyObject; publicKey: KeyObject } | undefined;
const keyPair = () => (pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));

export function serviceAccount(project: string, newId: () => string): ServiceAccount {
  const clientEmail = `keyturn@${project}.iam.gserviceaccount.com`;
  const keyId = newId().replaceAll('-', '');
  return {
    clientEmail,
    keyId,
    publicKey: () => keyPair().publicKey,
    keyFile: (tokenUri) => ({
      type: 'service_account',
      project_id: project,
      private_key_id: keyId,
      private_key: keyPair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: clientEmail,
      client_id: '100000000000000000001',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: tokenUri,
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(clientEmail)}`,
      universe_domain: 'googleapis.com',
    }),
  };
}
