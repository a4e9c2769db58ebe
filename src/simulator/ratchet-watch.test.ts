import { expect, test } from 'vitest'
import { Accounts } from './accounts/accounts.js'
import type { Person, PhoneEndpoint } from './accounts/person.js'
import { Problems } from './problems.js'
import { RatchetWatch } from './ratchet-watch.js'
import { node } from './wire/node-codec.js'

function none(): never {
  throw new Error('not in this test')
}

function phoneOf(person: Person): PhoneEndpoint {
  return { person, deviceId: 0, deliver: none, takeBundle: none, companionOnline: none }
}

/** A Signal message: version, ratchet key (field 1), counter (field 2), ciphertext (field 4), MAC. */
function message(key: number, counter: number, body: string): ReturnType<typeof node> {
  const ephemeral = Buffer.concat([Buffer.from([0x0a, 33, 5]), Buffer.alloc(32, key)])
  const cipher = Buffer.concat([Buffer.from([0x22, body.length]), Buffer.from(body)])
  const bytes = [Buffer.from([0x33]), ephemeral, Buffer.from([0x10, counter]), cipher, Buffer.alloc(8)]
  return node('enc', { type: 'msg' }, Buffer.concat(bytes))
}

test('one message key for two messages is a violation, the same bytes again are not', () => {
  const problems = new Problems()
  const accounts = new Accounts(phoneOf)
  const ada = accounts.create('49151000001', 'Ada').phone
  const ben = accounts.create('49151000002', 'Ben').phone
  const watch = new RatchetWatch(problems)
  watch.check(ada, ben, [message(1, 0, 'a')])
  watch.check(ada, ben, [message(1, 0, 'a'), message(1, 1, 'b'), message(2, 0, 'c')])
  watch.check(ben, ada, [message(1, 0, 'd')])
  expect(problems.list()).toEqual([])
  watch.check(ada, ben, [message(1, 1, 'other')])
  expect(problems.list()).toMatchObject([{ kind: 'violation', account: '49151000001' }])
})
