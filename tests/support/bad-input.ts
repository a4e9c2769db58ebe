import { deflateRawSync } from 'node:zlib'
import type { Route } from '../../src/backend/http/route.js'

/** One of the categories of bad input, tried at every route that takes such a thing. */
export type Category = {
  name: string
  /** Bodies, made from one that is good. Each is refused. */
  bodies?: (good: Record<string, unknown>) => string[]
  /** Bad by how they are written, whatever they say. */
  written?: true
  /** What a field of this name must not hold. */
  fields?: { names: RegExp; values: readonly unknown[] }
  /** What stands behind a question mark. */
  queries?: { names: RegExp; values: readonly string[] }
  /** Tried by tests of their own, since it is about no single route: their files, and what stands in each one's title. */
  elsewhere?: Readonly<Record<string, string>>
  /** Comes with what is still to be built: a route of such a name must bring it. */
  later?: RegExp
}

export const json = (value: unknown): string => JSON.stringify(value)

/** The good body with one field as something else, written as given. */
const eachField = (good: Record<string, unknown>, texts: readonly string[]): string[] =>
  Object.keys(good).flatMap(field =>
    texts.map(text => {
      const mark = 'stands-here'
      return json({ ...good, [field]: mark }).replace(json(mark), () => text)
    }),
  )

/** Texts in the place of each text. */
const eachText = (good: Record<string, unknown>, texts: readonly string[]): string[] =>
  Object.keys(good)
    .filter(field => typeof good[field] === 'string')
    .flatMap(field => texts.map(text => json({ ...good, [field]: text })))

const add = (good: object, inner: string): string => {
  const text = json(good).slice(0, -1)
  return `${text}${text === '{' ? '' : ','}${inner}}`
}

const deep = (open: string, close: string) => `"deep":${open.repeat(10_000)}1${close.repeat(10_000)}`
const nowhere = /\/(messages?|send|chats?|contacts)\b/
const outbound = /webhook|\/media\b|preview/
const campaigns = /campaign|broadcast|schedule/

/** In the order and with the numbers of the reliability contract, 5.2. */
export const categories: readonly Category[] = [
  { name: '1 empty body', bodies: () => ['', ' ', '\n'] },
  {
    name: '2 not JSON',
    bodies: good => ['words', json(good).slice(0, -1), `${json(good)}}`, '[]', '1', '"a"', 'null'],
  },
  {
    name: '3 wrong content type',
    elsewhere: { 'every-bad-request': 'reads JSON alone', 'bad-bodies': 'of type %s is not read' },
  },
  { name: '4 unknown fields', bodies: good => [add(good, '"surprise":1'), add(good, '"":1')] },
  { name: '5 wrong types', bodies: good => eachField(good, ['{}', '[]', '[[1]]', '17', '{"a":"canary-5c1d"}']) },
  { name: '6 null everywhere', bodies: good => eachField(good, ['null', '[null]']) },
  { name: '7 numbers that are none', bodies: good => eachField(good, ['NaN', '1e309', '-0', '"1e309"', 'Infinity']) },
  { name: '8 integers beyond 2^53', bodies: good => eachField(good, ['9007199254740993', '-9007199254740993']) },
  { name: '9 a depth of 10,000', bodies: good => [add(good, deep('[', ']')), add(good, deep('{"a":', '}'))] },
  {
    name: '10 a body of 100 MB',
    elsewhere: {
      'every-bad-request': 'refuses 100 MB before they are sent',
      'bad-bodies': 'that does not say so is refused when it gets too large',
    },
  },
  {
    name: '11 fields twice',
    written: true,
    bodies: good => Object.keys(good).map(field => add(good, `${json(field)}:${json(good[field])}`)),
  },
  {
    name: '12 fields of prototypes',
    written: true,
    bodies: good =>
      ['"__proto__":{"admin":true}', '"constructor":{"prototype":{"admin":true}}', '"a":[{"__proto__":1}]'].map(one =>
        add(good, one),
      ),
  },
  {
    name: '13 NUL and half characters',
    written: true,
    bodies: good => eachField(good, ['"\\u0000"', '"canary-5c1d\\u0000"', '"a\\ud800b"', '"\\udc00"', '["\\u0000"]']),
  },
  {
    name: '14 floods of signs',
    bodies: good =>
      eachText(
        good,
        ['\u202e', '\u200b', '\u0301'].map(one => one.repeat(30_000)),
      ),
  },
  {
    name: '15 signs of four bytes at the limit',
    bodies: good => eachText(good, ['😀'.repeat(257), '😀'.repeat(16_400)]),
  },
  {
    name: '16 texts of 65,536 and more',
    bodies: good => eachText(good, ['x'.repeat(60_000), 'x'.repeat(65_536), 'x'.repeat(70_000)]),
  },
  {
    name: '17 phone numbers',
    fields: {
      names: /^(phoneNumber|contact)$/,
      values: ['letters', '0712345678', '123', '1'.repeat(21), '+254 7x', '254712345678@', ''],
    },
  },
  {
    name: '18 JIDs',
    fields: {
      names: /^(phoneNumber|contact)$/,
      values: [
        '1234567890-1@g.us',
        'status@broadcast',
        '123@newsletter',
        '@s.whatsapp.net',
        'abc@lid',
        '254712345678@evil.example',
        '254712345678:123456@s.whatsapp.net',
        '254712345678_1@s.whatsapp.net',
      ],
    },
  },
  { name: '19 not on WhatsApp', later: nowhere },
  { name: '20 addresses of our own network', later: outbound },
  { name: '21 names that change their address', later: outbound },
  { name: '22 redirects to our own network', later: outbound },
  { name: '23 other schemes', later: outbound },
  { name: '24 credentials in an address', later: outbound },
  { name: '25 look-alike names and odd ports', later: outbound },
  {
    name: '26 endless and slow bodies',
    elsewhere: {
      'bad-bodies': 'that does not say so is refused when it gets too large',
      '../src/backend/http/slow-requests': 'a line is closed on whoever',
    },
  },
  { name: '27 media that lie', later: outbound },
  { name: '28 names of files', later: outbound },
  { name: '29 contact cards', later: nowhere },
  { name: '30 polls', later: nowhere },
  { name: '31 mentions', later: nowhere },
  { name: '32 replies to what is not there', later: nowhere },
  { name: '33 changes of what is another’s', later: nowhere },
  { name: '34 reactions', later: nowhere },
  {
    name: '35 times',
    fields: {
      names: /^expiresAt$/,
      values: [
        '2020-01-01T00:00:00Z',
        '2099-02-30T00:00:00Z',
        '2099-01-01',
        '2099-01-01T00:00:00',
        'soon',
        4_070_908_800_000,
      ],
    },
  },
  {
    name: '36 idempotency keys',
    elsewhere: {
      'every-bad-request': 'keeps no idempotency key that is none',
      idempotency: 'is another request with another body, method or address, and with the same key refused',
    },
  },
  {
    name: '37 pages',
    queries: {
      names: /^(limit|cursor|before|after)$/,
      values: ['-1', '0.5', '1e3', ' 5', '٥', '99999999999999999999', `'`, '\0'],
    },
  },
  {
    name: '38 filters',
    queries: {
      names: /^(state|action|since|until|from|to|sort|order)$/,
      values: [`' or 1=1 --`, '%', '_', '*', 'connected;drop table sessions', '\0', 'x'.repeat(201)],
    },
  },
  {
    name: '39 ids of others',
    elsewhere: {
      'every-route-under-attack': 'nobody gets further than a route promises',
      'live-visibility': 'is no session, like one that does not exist',
    },
  },
  {
    name: '40 methods and paths',
    elsewhere: {
      'every-bad-request': 'has its own methods, and its own address alone',
      'bad-requests': 'such as %s leads nowhere',
    },
  },
  {
    name: '41 headers',
    elsewhere: {
      'bad-requests': 'with the cookie %s has none',
      '../src/backend/http/client-address': 'what is forwarded (%s) changes nothing',
      '../src/backend/http/own-origin': 'pages are under the same rule',
    },
  },
  {
    name: '42 access tokens',
    elsewhere: {
      'every-bad-request': 'that is not for anyone takes no proof that is none',
      '../src/backend/identity/access-tokens': 'a token whose contents were changed is nobody’s',
    },
  },
  {
    name: '43 API keys',
    elsewhere: {
      'every-bad-request': 'that is not for anyone takes no proof that is none',
      'api-keys': 'that is changed anywhere, of nobody, or with another secret is no key',
    },
  },
  {
    name: '44 WebSockets',
    elsewhere: {
      'live-misuse': 'whose reader stands still is cut off',
      'live-tickets': 'that was stolen is no good on another page',
      doors: 'of one address are four',
    },
  },
  { name: '45 webhooks', later: outbound },
  { name: '46 campaigns', later: campaigns },
  {
    name: '47 session IDs',
    fields: {
      names: /^sessionIdString$/,
      values: [
        'WHIZLITE_',
        'WHIZLITE_canary-5c1d',
        `WHIZLITE_${'A'.repeat(5_000)}`,
        `WHIZLITE_${deflateRawSync(Buffer.alloc(1_000_000)).toString('base64url')}`,
        `OTHER_${'A'.repeat(500)}`,
        '{"creds":{}}',
      ],
    },
  },
  {
    name: '48 link attempts',
    elsewhere: {
      'attempts-are-private': 'looks like one that does not exist, to whoever asks',
      'linking-under-attack': 'that was planted is never adopted',
      'many-visitors': 'who start at once get a QR or a place in the queue',
    },
  },
  { name: '49 archives', later: /backup|archive|restore/ },
  {
    name: '50 settings',
    elsewhere: {
      'start-refusals': 'all that is wrong is told at once, a line each',
      'start-refusals-around': 'must not be open to every account in production',
    },
  },
  {
    name: '51 the protocol',
    elsewhere: {
      'engine/floods': 'five hundred messages that nobody can read',
      'engine/storage-trouble': 'a ratchet that cannot be read ends the line',
    },
  },
  {
    name: '52 many at once',
    elsewhere: {
      idempotency: 'a hundred times at once makes one',
      'session-commands-race': 'commands that contradict each other at once leave a session that is one thing',
      members: 'of two that leave at once, one stays',
    },
  },
]

/** Bodies of a category for a route's good one. */
export function badBodies({ bodies, fields }: Category, good: Record<string, unknown>): string[] {
  const named = fields && Object.keys(good).filter(field => fields.names.test(field))
  const ofFields = named?.flatMap(field => (fields?.values ?? []).map(value => json({ ...good, [field]: value })))
  return [...(bodies?.(good) ?? []), ...(ofFields ?? [])]
}

export const brings = ({ later }: Category, { path }: Route): boolean => later?.test(path) ?? false
