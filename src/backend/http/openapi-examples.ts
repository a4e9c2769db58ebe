/** As far as the contract's schemas use it. */
export type JsonSchema = {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  examples?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
}

const uuid = '0198c5b2-7d1e-4c3a-9f60-2b8e4d5a6c71'
const time = '2026-01-02T09:30:00.000Z'

/** What stands in a field of that name, the first that the schema takes. */
const byName: Readonly<Record<string, readonly string[]>> = {
  action: ['Try again in a minute.'],
  accessToken: ['eyJhbGciOiJIUzI1NiJ9…'],
  address: ['192.0.2.7'],
  addresses: ['192.0.2.0/24'],
  before: ['120'],
  botName: ['Till'],
  by: ['user'],
  code: ['123456'],
  contact: ['254712345678'],
  cursor: [uuid],
  'detail.code': ['of_a_member'],
  displayName: ['Ada'],
  email: ['ada@example.com'],
  expiresAt: ['2099-01-02T09:30:00.000Z', '2099-01-02T09:30:00Z'],
  hash: ['9f2b6c1d…'],
  id: [uuid, 'Ab3dEf9h'],
  instructions: ['Scan the code with WhatsApp on the phone.'],
  key: ['whiz_live_Ab3dEf9h_…'],
  keyId: ['Ab3dEf9h'],
  last4: ['x7Kq'],
  link: ['https://gateway.example.com/claim#…'],
  lid: ['199912345678901@lid'],
  message: ['The phone has not answered yet.'],
  name: ['Ada'],
  new: ['lantern over the river'],
  next: [uuid, 'Ab3dEf9h', '119'],
  old: ['a long enough horse'],
  origin: ['https://app.example.com'],
  pairingCode: ['ABCD-2345'],
  password: ['a long enough horse'],
  phoneNumber: ['254712345678'],
  position: ['3'],
  qr: ['data:image/png;base64,iVBORw0KGgo…'],
  qrCode: ['data:image/png;base64,iVBORw0KGgo…'],
  reason: ['logged_out'],
  'reason.action': ['Link the account again.'],
  'reason.code': ['logged_out'],
  'reason.message': ['The account was logged out on the phone.'],
  recoveryCodes: ['k7wq-3mzt-x9pa'],
  refreshToken: ['whiz_refresh_…'],
  replacedBy: ['Zy8xWv7u'],
  scopes: ['read'],
  secret: ['JBSWY3DPEHPK3PXP', 'whiz_live_Ab3dEf9h_…'],
  seq: ['120'],
  sessionIdString: ['WHIZLITE_…'],
  sessionName: ['Till'],
  slug: ['shop'],
  state: ['connected'],
  ticket: ['wst_…'],
  token: ['JpqzgEYtW3…'],
  uri: ['otpauth://totp/WHIZ%20LITE:ada%40example.com?secret=JBSWY3DPEHPK3PXP'],
  version: ['1.2.3'],
  workspace: ['Shop'],
  'workspace.name': ['Shop'],
  'workspaces.name': ['Shop'],
}

/** Else by how the name ends. */
const byEnding: readonly (readonly [RegExp, string])[] = [
  [/At$/, time],
  [/id$/i, uuid],
  [/Url$/, 'https://gateway.example.com'],
]

const byFormat: Readonly<Record<string, string>> = {
  uuid,
  'date-time': time,
  email: 'ada@example.com',
  uri: 'https://gateway.example.com',
  cidrv4: '192.0.2.0/24',
  ipv4: '192.0.2.7',
}

/**
 * A value that the schema takes, always the same one, for people to read. What the names of fields do not tell a schema says itself by `examples`.
 * @param name of the field that it stands in, behind that of the field around it and a dot
 */
export function exampleOf(schema: JsonSchema, name = ''): unknown {
  const { anyOf, oneOf, properties = {}, items } = schema
  if (schema.examples !== undefined) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return exampleOf(choices.find(choice => choice.type !== 'null') ?? {}, name)
  const own = name.slice(name.indexOf('.') + 1)
  switch ([schema.type].flat().find(one => one !== 'null')) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties).map(([field, of]) => [field, exampleOf(of, `${own}.${field}`)]),
      )
    case 'array':
      return items === undefined ? [] : [exampleOf(items, name)]
    case 'string':
      return textOf(schema, name)
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    default:
      return null
  }
}

function textOf(schema: JsonSchema, name: string): string {
  const { format = '' } = schema
  const own = name.slice(name.indexOf('.') + 1)
  const byEnd = byEnding.find(([ending]) => ending.test(own))?.[1] ?? '1'
  const candidates = [...(byName[name] ?? byName[own] ?? []), byFormat[format] ?? byEnd, byEnd]
  return candidates.find(text => takes(schema, text)) ?? 'x'.repeat(schema.minLength ?? 1)
}

function takes({ pattern, minLength = 0, maxLength = Infinity }: JsonSchema, text: string): boolean {
  const { length } = text
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(text))
}
