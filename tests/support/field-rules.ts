/**
 * What a field takes, written by hand: a schema under test must not be the judge of its own tests. `is` says of no good value that it is bad,
 * and of a few bad ones that they are good.
 */
export type FieldRule = {
  is: (value: unknown) => boolean
  optional?: true
  /** At its very limits; the first is the usual one. */
  takes: readonly unknown[]
  /** Just beyond them. */
  refuses: readonly unknown[]
}

const x = (length: number) => 'x'.repeat(length)

/** Longer than any limit, and short enough to be read. */
const flood = x(60_000)

/** As people write it: blanks around it do not count, and it says something. */
export const words = (most: number, foreign = /\p{Cc}/u): FieldRule => ({
  is: value =>
    typeof value === 'string' && value.trim() !== '' && value.trim().length <= most && !foreign.test(value.trim()),
  takes: ['Till', 'x', x(most), ` ${x(most)}\n`, '1e309'],
  refuses: ['', ' ', '\n', x(most + 1), 'a\nb', 'a\u0007b', 'a\u009fb', flood],
})

/** Every sign counts. */
export const secretText = (least: number, most: number): FieldRule => ({
  is: value => typeof value === 'string' && value.length >= least && value.length <= most,
  takes: [x(most), x(least)],
  refuses: [...(least > 0 ? [x(least - 1)] : []), x(most + 1), flood],
})

export const secondFactor: FieldRule = {
  is: value => typeof value === 'string' && value.trim().length >= 6 && value.trim().length <= 40,
  takes: ['123456', ` ${x(40)} `],
  refuses: ['', '12345', ' 12345 ', x(41), 123456, flood],
}

export const email: FieldRule = {
  is: value =>
    typeof value === 'string' && value.trim().length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value.trim()),
  takes: ['nobody@example.com', ' Nobody@EXAMPLE.com '],
  refuses: [
    '',
    'nobody',
    '@example.com',
    'nobody@',
    'a b@example.com',
    'a@b@example.com',
    `${x(250)}@example.com`,
    flood,
  ],
}

export const oneOf = (...values: [string, ...string[]]): FieldRule => ({
  is: value => values.some(one => one === value),
  takes: values,
  refuses: ['', 'nothing', values[0].toUpperCase(), `${values[0]} `, 0, true, [values[0]], flood],
})

export const flag: FieldRule = {
  is: value => typeof value === 'boolean',
  takes: [true, false],
  refuses: ['true', 'false', '', 0, 1, [true]],
}

const anId = 'f3a1c1de-3a4e-4a52-9d8a-1b9f0a6c2e11'

export const uuid: FieldRule = {
  is: value => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  takes: [anId, anId.toUpperCase()],
  refuses: [
    '',
    'x',
    anId.replaceAll('-', ''),
    `{${anId}}`,
    `${anId}0`,
    ` ${anId}`,
    `urn:uuid:${anId}`,
    `${anId}' or '1'='1`,
    flood,
  ],
}

/** Whether it is a number is said by whoever reads it. */
export const phoneNumber: FieldRule = {
  is: value => typeof value === 'string' && value.length <= 40,
  takes: ['254712345678', '+254 712 345678'],
  refuses: [254712345678, '1'.repeat(41), '+254 712 345678'.padEnd(41), flood],
}

export const contact: FieldRule = {
  is: value =>
    typeof value === 'string' && /^(\+?\d{5,20}|\d{5,20}(:\d{1,5})?@(s\.whatsapp\.net|c\.us|lid))$/.test(value.trim()),
  takes: ['254712345678', '254712345678:12@s.whatsapp.net', '123456789012345@lid'],
  refuses: ['', 254712345678, '1234', '1'.repeat(21), '254712345678@g.us', '254712345678@', '2547%', '*', flood],
}

export const sessionIdText: FieldRule = {
  is: value => typeof value === 'string' && value !== '',
  takes: ['WHIZLITE_nothing'],
  refuses: ['', 17, ['WHIZLITE_nothing']],
}

export const moment: FieldRule = {
  is: value => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(value),
  takes: ['2099-01-01T00:00:00Z', '2099-01-01T00:00:00+03:00'],
  refuses: [
    '',
    'soon',
    '2099-01-01',
    '2099-01-01T00:00:00',
    '2099-02-30T00:00:00Z',
    '2099-13-01T00:00:00Z',
    4_070_908_800_000,
    flood,
  ],
}

export const origin: FieldRule = {
  is: value => typeof value === 'string' && value.length <= 300 && /^[a-z][a-z\d+.-]*:\/\/[^/?#]+$/.test(value),
  takes: ['https://app.example.com', 'http://localhost:3000'],
  refuses: [
    '',
    '*',
    'null',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/a',
    `https://${x(300)}.com`,
    flood,
  ],
}

/** None twice. */
export function listOf(item: FieldRule, most: number, nth: (n: number) => unknown): FieldRule {
  const some = (count: number) => Array.from({ length: count }, (_, n) => nth(n))
  return {
    is: value =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= most &&
      new Set(value).size === value.length &&
      value.every(one => item.is(one)),
    takes: [some(1), some(most)],
    refuses: [
      [],
      some(most + 1),
      [nth(0), nth(0)],
      nth(0),
      { 0: nth(0) },
      [nth(0), null],
      [[nth(0)]],
      [nth(0), { id: nth(0) }],
      ...item.refuses.map(bad => [nth(0), bad]),
    ],
  }
}

export const optional = (rule: FieldRule): FieldRule => ({ ...rule, optional: true })

/** Or nothing, said as null. */
export const orNull = (rule: FieldRule): FieldRule => ({
  ...rule,
  is: value => value === null || rule.is(value),
  takes: [...rule.takes, null],
})
