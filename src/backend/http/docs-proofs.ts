import { textOf } from './page-text.js'
import type { Scheme } from './openapi-security.js'

type Proof = { name: string; about: string; example: string }

const proofs: Record<Scheme, Proof> = {
  accessToken: {
    name: 'an access token',
    about: 'For people: signing in answers with one that lives 15 minutes, and with a refresh token for the next.',
    example: `curl "$GATEWAY/api/v1/auth/sign-in" -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…","tokenIn":"body"}'

curl "$GATEWAY/api/v1/me" -H "Authorization: Bearer $ACCESS_TOKEN"`,
  },
  apiKey: {
    name: 'an API key',
    about:
      'For programs of one member. A key has scopes (read, send, sessions, settings, admin), and may be held to some sessions and addresses.',
    example: `curl "$GATEWAY/api/v1/api-keys" -H "Authorization: Bearer $ACCESS_TOKEN" \\
  -H 'Content-Type: application/json' -d '{"name":"Till","scopes":["read"]}'

curl "$GATEWAY/api/v1/sessions" -H "Authorization: Bearer $API_KEY"`,
  },
  serviceToken: {
    name: 'the service token',
    about: 'For the operator’s own services: WHATSAPP_SERVICE_TOKEN. X-User-Id names the member for whom is asked.',
    example: `curl "$GATEWAY/api/v1/sessions" -H "Authorization: Bearer $WHATSAPP_SERVICE_TOKEN" \\
  -H "X-User-Id: $USER_ID"`,
  },
  attemptCookie: {
    name: 'the cookie of the attempt',
    about: 'For the browser that has started a link on the public page, and for nobody else.',
    example: `curl -c attempt.txt "$GATEWAY/api/sessions/start" -H 'Content-Type: application/json' -d '{}'

curl -b attempt.txt "$GATEWAY/api/sessions/$SESSION_ID"`,
  },
}

const isScheme = (name: string): name is Scheme => name in proofs

/** Which proofs a route takes, in one sentence. */
export function proofsIn(security: readonly Record<string, unknown>[]): string {
  const taken = security.flatMap(requirement => Object.keys(requirement)).filter(isScheme)
  return taken.length === 0 ? 'For anyone.' : `Takes ${taken.map(scheme => proofs[scheme].name).join(' or ')}.`
}

/** Every kind of proof with an example; `GATEWAY` stands for this gateway's own address. */
export const docsOfProofs = `<h2 id="proofs">Who asks</h2>
<p>Proofs are sent as <code>Authorization: Bearer</code>, but for the cookie.</p>
${Object.values(proofs)
  .map(
    ({ name, about, example }) =>
      `<h3>With ${textOf(name)}</h3><p>${textOf(about)}</p><pre tabindex="0"><code>${textOf(example)}</code></pre>`,
  )
  .join('\n')}`
