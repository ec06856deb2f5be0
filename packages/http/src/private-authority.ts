import { createPrivateKey, X509Certificate } from 'node:crypto';

// Made once with openssl, and valid for a hundred years. The authority's own key was thrown away.
const authority =
  'MIIBmTCCAT+gAwIBAgIUD4mY0HBshJjByOT+/on1bPowOHowCgYIKoZIzj0EAwIwITEfMB0GA1UEAwwWS2V5dHVybiB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjcxMDM3NTJaGA8yMTI2MTEwMzEwMzc1MlowITEfMB0GA1UEAwwWS2V5dHVybiB0ZXN0IGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABImClW2+Ytch7In6utk/Ke4kB19OmRGDVcXd053w+Ub517ih5NcRMp1r8R0ZbM317kE9yP+60uFfw2McClQW+7ajUzBRMB0GA1UdDgQWBBRsdv8Sv8P1K3RYoHDtR8Hn6w5ZdzAfBgNVHSMEGDAWgBRsdv8Sv8P1K3RYoHDtR8Hn6w5ZdzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIEQt5C4Uad6Bl5aavIFbOc1PEgTf/NVj+f/wyYt59ul6AiEAvK5wCu69+uApslaoR6pMkQcy1Kn/SefVti0mOKPF0WU=';
const certificate =
  'MIIB0TCCAXegAwIBAgIUEFrvxwmfUn3DSuGtKtU4q8zFJRswCgYIKoZIzj0EAwIwITEfMB0GA1UEAwwWS2V5dHVybiB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjcxMDM3NTJaGA8yMTI2MDcyNjEwMzc1MlowGDEWMBQGA1UEAwwNY29ycC5pbnRlcm5hbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMObN0uRugM7DeQ9jEXsZUCzbHyCjbBtk53AC8NmY/6h2L83hNwsp1AB0TsWJ8WjW5IFMvUBhxa5ebkIe99xKRyjgZMwgZAwKwYDVR0RBCQwIoIPKi5jb3JwLmludGVybmFsgglsb2NhbGhvc3SHBH8AAAEwDAYDVR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQUc9NsTm+RP4+eZSDJyTxOc8Uw2P8wHwYDVR0jBBgwFoAUbHb/Er/D9St0WKBw7UfB5+sOWXcwCgYIKoZIzj0EAwIDSAAwRQIhAPalO4nIIWWYaOL9SxiHYjUeZ64a8+zwlOcIAK5u3+PEAiBpQOgdaIST4QgyTenrLLi3xRreCu/mlG9nUjquyEIGCQ==';
const key =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWvprK3Pb9JtP0DR9tsKgk5opJALaq6hnlXALkX4llDKhRANCAATDmzdLkboDOw3kPYxF7GVAs2x8go2wbZOdwAvDZmP+odi/N4TcLKdQAdE7FifFo1uSBTL1AYcWuXm5CHvfcSkc';
const expired =
  'MIIBITCByAIBATAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJPbGQgdGVzdCBhdXRob3JpdHkwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAdMRswGQYDVQQDDBJPbGQgdGVzdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASfhrkMlc5kKvf0WrYNSK/jMyQy00rqpgFcWoOR81jUu8CLI4XL16BHToWqtwqYIyC5KV8dgEQbaUKIpvVYiMLuMAoGCCqGSM49BAMCA0gAMEUCIFLDHlpjD/gE2bQj9GuN+P1uVcoaeYXitKQ4jbprqzDsAiEAl5cyolXopajuDdOY6TWsSN+oIb46X4oXf34NT8bIYyQ=';

const pem = (der: string): string => new X509Certificate(Buffer.from(der, 'base64')).toString();

/** For tests: the certificate of an authority that no browser and no Node knows, as a company has one. */
export const authorityCertificate = pem(authority);

/** For tests: one that was valid in 2020. */
export const expiredCertificate = pem(expired);

/** For tests: key and certificate, by that authority, of every host below corp.internal, localhost and 127.0.0.1. */
export const serverIdentity = {
  key: createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }),
  cert: pem(certificate),
};
