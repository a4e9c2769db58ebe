import { describe, expect, test } from 'vitest'
import { SessionId, UserId, WorkspaceId } from '../../contract/ids.js'
import { requireAccess, requireOwnSessions } from './access.js'
import { member, scopeOf, scopesOf, visitorToken, type Member, type Visitor } from './actor.js'

const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const session = SessionId.parse(id(1))
const visitor: Visitor = { kind: 'visitor', token: null, address: '' }

const known = (given: Partial<Member> = {}): Member => ({
  kind: 'user',
  workspaceId: WorkspaceId.parse(id(2)),
  userId: UserId.parse(id(3)),
  role: 'member',
  scopes: scopesOf(given.role ?? 'member'),
  sessionIds: null,
  address: '',
  ...given,
})

const codeOf = (work: () => unknown): unknown => {
  try {
    work()
    return null
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

test('a visitor is nobody', () => {
  expect(codeOf(() => requireAccess({ scope: 'read' }, visitor))).toBe('unauthenticated')
  expect(codeOf(() => requireAccess({ scope: 'read', kinds: ['service'] }, visitor))).toBe('invalid_service_token')
  expect(codeOf(() => member(visitor))).toBe('unauthenticated')
  expect(codeOf(() => scopeOf(visitor))).toBe('unauthenticated')
  expect(visitorToken(known())).toBeNull()
})

test.each([
  [known(), { scope: 'sessions' }, null],
  [known(), { scope: 'admin' }, 'forbidden'],
  [known(), { scope: 'settings' }, 'forbidden'],
  [known({ role: 'admin' }), { scope: 'settings' }, null],
  [known({ role: 'admin' }), { scope: 'admin', role: 'owner' }, 'forbidden'],
  [known({ role: 'owner' }), { scope: 'admin', role: 'admin' }, null],
  [known({ kind: 'key', scopes: new Set(['read']) }), { scope: 'read' }, null],
  [known({ kind: 'key', role: 'owner', scopes: new Set(['read']) }), { scope: 'send' }, 'forbidden'],
  [known({ kind: 'key' }), { scope: 'read', kinds: ['service'] }, 'forbidden'],
  [known({ kind: 'service' }), { scope: 'read', kinds: ['service'] }, null],
] as const)('%o asks %o: %s', (actor, access, code) => {
  expect(codeOf(() => requireAccess(access, actor))).toBe(code)
})

describe('a key that is restricted to sessions', () => {
  const key = known({ kind: 'key', sessionIds: new Set([session]) })

  test.each([
    [[session], null],
    [[session.toUpperCase()], null],
    [[id(4)], 'session_not_found'],
    [['no id'], 'session_not_found'],
    [[session, id(4)], 'session_not_found'],
    [[{}], 'session_not_found'],
    [[], 'forbidden'],
    [[undefined], 'forbidden'],
  ])('asks about %o: %s', (named, code) => {
    expect(codeOf(() => requireOwnSessions({ scope: 'read' }, key, named))).toBe(code)
    expect(codeOf(() => requireOwnSessions({ scope: 'read' }, known(), named))).toBeNull()
  })

  test('may ask about many where the answer keeps to its own', () => {
    expect(codeOf(() => requireOwnSessions({ scope: 'read', manySessions: true }, key, []))).toBeNull()
    expect(codeOf(() => requireOwnSessions({ scope: 'read', manySessions: true }, key, [id(4)]))).toBe(
      'session_not_found',
    )
  })
})
