// An OpenID provider (npm oidc-provider, a certified one) on loopback. Writes
// its issuer as one line, and ends when its standard input does.
//
// Anyone may log in, with any password. Who logs in with "low" in the name gets
// the lower level of assurance.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { redirect_uri, jwks, tls } = JSON.parse(process.env.OIDC_TEST);

const key = (kid, ...args) => ({
  ...generateKeyPairSync(...args).privateKey.export({ format: 'jwk' }), kid, use: 'sig',
});

const people = {
  name: 'Tolvan Tolvansson',
  email: 'tolvan@example.org',
  email_verified: true,
  employeeHsaId: 'TSTNMT2321000156-10NL',
  personalIdentityNumber: '191212121212',
  commissionHsaId: 'TSTNMT2321000156-10NM',
  commissionPurpose: 'Vård och behandling',
  healthCareProviderHsaId: 'TSTNMT2321000156-102R',
};

const client = (client_id, more) => ({
  client_id, redirect_uris: [redirect_uri], response_types: ['code'], ...more,
});

const pem = (name) => readFileSync(new URL(`tls/${name}`, import.meta.url));
const server = tls
  ? https.createServer({ cert: pem('server.pem'), key: pem('server.key') })
  : http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    acrValues: ['loa2', 'loa3'],
    claims: { openid: ['sub'], siths: Object.keys(people) },
    clients: [
      client('basic', {
        client_secret: 'a secret: with + and %', token_endpoint_auth_method: 'client_secret_basic',
      }),
      client('post', {
        client_secret: 'another', token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'PS256',
      }),
      client('key', {
        token_endpoint_auth_method: 'private_key_jwt', jwks,
        id_token_signed_response_alg: 'ES256',
      }),
    ],
    cookies: { keys: ['only a test'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people }) }),
    jwks: {
      keys: [
        key('rsa', 'rsa', { modulusLength: 2048 }),
        key('ec', 'ec', { namedCurve: 'P-256' }),
      ],
    },
    pkce: { required: () => true },
  });
  // The pages for development say nothing of how someone logged in.
  const finished = provider.interactionFinished.bind(provider);
  provider.interactionFinished = (req, res, result, options) => {
    if (result.login) result.login.acr = result.login.accountId.includes('low') ? 'loa2' : 'loa3';
    return finished(req, res, result, options);
  };
  server.on('request', provider.callback());
  console.log(issuer);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
