import { createHmac } from 'node:crypto'
import { subscriberOf } from '../../contract/subscriber.js'
import { purposeKey } from '../vault/purpose-key.js'

/** Whom something is counted for: a keyed hash, from which nobody without the secret can read or guess a number or an address. */
export type Subject = Buffer & { readonly __brand: 'Subject' }

export type Subjects = {
  ofNetwork(name: string): Subject
  ofNumber(phoneNumber: string): Subject
  /** The number as one that WhatsApp itself refuses: this holds for everybody, while its own counts are the visitors'. */
  ofRefusedNumber(phoneNumber: string): Subject
}

export function createSubjects(secret: Uint8Array): Subjects {
  const key = purposeKey(secret, 'admission/subjects/1')
  const subject = (kind: string, value: string) =>
    createHmac('sha256', key).update(`${kind}\0${value}`).digest() as Subject
  return {
    ofNetwork: name => subject('network', name),
    ofNumber: phoneNumber => subject('number', subscriberOf(phoneNumber)),
    ofRefusedNumber: phoneNumber => subject('refused number', subscriberOf(phoneNumber)),
  }
}
