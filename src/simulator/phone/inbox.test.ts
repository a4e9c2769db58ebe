import { describe, expect, test } from 'vitest'
import { Inbox, type Arrival } from './inbox.js'

function arrival(id: string, what: { text: string } | { undecryptable: string }): Arrival {
  return { chat: 'chat', from: 'from', fromMe: false, id, timestamp: 1, ...what }
}

describe('an inbox', () => {
  test('shows one bubble per id, and notices copies that differ', () => {
    const inbox = new Inbox()
    expect(inbox.add(arrival('1', { text: 'a' }))).toBe(true)
    expect(inbox.add(arrival('1', { text: 'a' }))).toBe(true)
    expect(inbox.add(arrival('1', { text: 'b' }))).toBe(false)
    expect(inbox.all()).toMatchObject([{ id: '1', text: 'a', copies: 3 }])
  })

  test('fills an undecryptable bubble when a readable copy comes, never the other way', () => {
    const inbox = new Inbox()
    inbox.add(arrival('1', { undecryptable: 'no session' }))
    expect(inbox.all()).toMatchObject([{ text: null, copies: 0, undecryptable: 'no session' }])
    inbox.add(arrival('1', { text: 'a' }))
    inbox.add(arrival('1', { undecryptable: 'key used' }))
    const [bubble] = inbox.all()
    expect(bubble).toMatchObject({ text: 'a', copies: 1 })
    expect(bubble).not.toHaveProperty('undecryptable')
  })

  test('gives waiters each bubble once in order, and any bubble by its text', async () => {
    const inbox = new Inbox()
    inbox.add(arrival('1', { text: 'a' }))
    inbox.add(arrival('2', { text: 'b' }))
    inbox.add(arrival('3', { text: 'a' }))
    expect((await inbox.wait({}, 50)).id).toBe('1')
    expect((await inbox.wait({}, 50)).id).toBe('2')
    expect((await inbox.wait({ text: 'a' }, 50)).id).toBe('1')
    expect((await inbox.wait({ text: 'a', nth: 2 }, 50)).id).toBe('3')
    expect((await inbox.wait({}, 50)).id).toBe('3')
    const late = inbox.wait({ text: 'later' }, 5_000)
    inbox.add(arrival('4', { undecryptable: 'no session' }))
    inbox.add(arrival('4', { text: 'later' }))
    expect((await late).id).toBe('4')
    await expect(inbox.wait({ text: 'never' }, 5)).rejects.toMatchObject({ code: 'wait_timeout' })
  })

  test('moves the status of own messages forward only', () => {
    const inbox = new Inbox()
    inbox.add({ chat: 'chat', from: 'me', fromMe: true, id: '1', timestamp: 1, text: 'a' })
    inbox.mark('1', 'read')
    inbox.mark('1', 'delivered')
    expect(inbox.all()).toMatchObject([{ status: 'read' }])
  })
})
