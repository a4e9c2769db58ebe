import { test } from 'vitest'
import { crowdComesAndGoes } from './support/crowd-journey.js'

test('fifty who start at once get a QR or a place in the queue, twelve finish, and nothing of the others stays', async () => {
  await crowdComesAndGoes({ everyone: 50, places: 15, finishers: 12, firstFinishers: 10 })
}, 120_000)
