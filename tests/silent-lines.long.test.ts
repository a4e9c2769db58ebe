import { afterAll, beforeAll, expect, test } from 'vitest'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test.each([
  ['silence', 'syncing', 'queue'],
  ['half-open', 'syncing', 'queue'],
  ['silence', 'open', undefined],
])(
  'a line that falls to %s while %s is given up and made anew, and nothing that waited is lost',
  async (fault, phase, at) => {
    const heard: string[] = []
    rig.hooks({ onMessage: async (_, { content }) => void (content.kind === 'text' && heard.push(content.text)) })
    const { identity, phone } = await rig.linked()
    const friend = await rig.rig.phone()
    rig.forget()
    const device = { phone: phone.phoneNumber, device: 1 }
    if (at !== undefined) {
      await friend.send(phone, 'waited')
      await rig.simulator.fault(fault, { ...device, at })
      rig.sessions.resume(identity)
    } else {
      rig.sessions.resume(identity)
      await rig.becomes(identity, ['connected', null])
      await phone.waitForQuiet()
      await rig.simulator.fault(fault, device)
      await friend.send(phone, 'waited')
    }
    await expect.poll(() => rig.ends[0], { timeout: 60_000 }).toMatchObject({ plane: 'local', kind: 'zombie', phase })
    await expect.poll(() => heard).toContain('waited')
    await rig.becomes(identity, ['connected', null])
    await expect.poll(() => rig.history(identity)).toContainEqual(['reconnecting', 'connection_lost'])
    expect(rig.connections).toHaveLength(2)
    await rig.sessions.rest(identity.sessionId)
  },
  120_000,
)
