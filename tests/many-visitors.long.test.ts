import { test } from 'vitest'
import { crowdComesAndGoes } from './support/crowd-journey.js'

test('two hundred who start at once get a QR or a place in the queue, fifty finish, and nothing of the others stays', async () => {
  await crowdComesAndGoes({ everyone: 200, places: 60, finishers: 50, firstFinishers: 45 })
}, 180_000)
