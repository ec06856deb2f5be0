export type EdgeLoginOptions = {
  /** keyturn@machine.example when absent. */
  username?: string;
  /** One by chance when absent. */
  password?: string;
  /** In base32, as it is shown when MFA is set up. The user needs a code with each password; none when absent. */
  totpSecret?: string;
  /** Lifetime of a refresh token; 84600 when absent (23.5 h). */
  refreshTokenSeconds?: number;
  /** Each refresh token works once, and another comes with the access token. true when absent. */
  rotateRefreshTokens?: boolean;
};

/** Five failed passwords or codes in a row lock the user for 120 s; a new password does not unlock. */
export type EdgeLogin = {
  readonly tokenUrl: string;
  readonly username: string;
  /** The one that is valid now. */
  password: () => string;
  /** A new one-time passcode, as a person reads it at `https://<zone>.login.apigee.com/passcode`; good once, within five minutes. */
  passcode: () => string;
  /** A new refresh token, as a person gets it from get_token. */
  refreshToken: () => string;
  /** What was signed in before stays so. */
  setPassword: (password: string) => void;
  /** undefined: MFA is switched off. */
  setTotpSecret: (totpSecret: string | undefined) => void;
  /** Ends every refresh token. Access tokens end by `revokeAccessToken`. */
  revokeRefreshTokens: () => void;
};

export type WorkloadIdentityOptions = {
  /** Of the provider; one of the pool `keyturn` when absent. */
  audience?: string;
  /** Of AWS, where the request has to be for; eu-west-1 when absent. */
  region?: string;
  /** Whom the role may impersonate. 'none': the management API takes the role's own, federated tokens. */
  serviceAccount?: string;
};

/**
 * Google's STS and IAM credentials. The request that stands for the role is checked as AWS would: its signature is made again with the keys. It has to
 * be for this provider, and to say so in what is signed, as Google recommends.
 */
export type WorkloadIdentity = {
  readonly audience: string;
  readonly stsUrl: string;
  readonly iamCredentialsUrl: string;
  readonly serviceAccount: string | undefined;
  readonly region: string;
  /** The credentials of the role that are valid now. */
  awsKeys: () => { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** As when a role's session ends: others are valid from now on, and these alone. */
  replaceAwsKeys: () => void;
  /** Whether the provider's attribute condition holds for the role. */
  allowRole: (allowed: boolean) => void;
  /** Whether the role may act as the service account. */
  allowImpersonation: (allowed: boolean) => void;
};
