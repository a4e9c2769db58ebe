import { test } from 'vitest'
import { reconnectOverAndOver } from './support/forced-reconnects.js'

test('sixty lost lines leave no connection, socket, timer or listener behind', async () => {
  await reconnectOverAndOver(60)
}, 240_000)
