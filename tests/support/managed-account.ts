import { expect } from 'vitest'
import type { Phone } from '../../src/simulator/index.js'
import { pictureOf } from './picture-of.js'
import type { Rows } from './rows.js'
import type { Visitor } from './visitor.js'

export type ManagedAccount = { phone: Phone; visitor: Visitor; sessionId: string }

/** Links by QR, on a gateway whose links are managed, until both messages have arrived. */
export async function linkManaged(gateway: { visitor(): Visitor }, rows: Rows, phone: Phone): Promise<ManagedAccount> {
  const visitor = gateway.visitor()
  const { sessionId, qrCode } = await visitor.start()
  await phone.scanPicture(pictureOf(qrCode))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId], 60_000)
  await phone.waitForQuiet()
  return { phone, visitor, sessionId }
}

/** What the gateway wrote into the owner's chat since the link, once there is so much; the owner's own words are commands. */
export async function answers(phone: Phone, count: number): Promise<string[]> {
  const said = async () => {
    const texts = (await phone.messages(phone.jid)).map(({ text }) => text ?? '')
    return texts.slice(2).filter(text => !/^\s*\.?(menu|status|resend|support|disconnect)/i.test(text))
  }
  await expect.poll(async () => (await said()).length).toBeGreaterThanOrEqual(count)
  await phone.waitForQuiet()
  return said()
}

export async function secretsLeft(rows: Rows, sessionId: string): Promise<unknown[]> {
  return rows.query(`select 1 from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`, [
    sessionId,
  ])
}
