import { expect, test } from 'vitest'
import { demoSettings } from './settings.js'

test('what somebody sets about linking and its limits is the demo’s too; where it runs, and on what data, is not', () => {
  const limits = {
    LINK_PAGE: 'on',
    LINK_MAX_PER_ADDRESS: '4',
    LINK_MAX_PER_NODE: '3',
    LINK_MAX_ACTIVE: '2',
    LINK_MAX_QUEUED: '1',
    LINK_DEFAULT: 'managed',
  }
  const real = { DATABASE_URL: 'postgresql://real', WHATSAPP_SESSION_SECRET: 'real', PUBLIC_URL: 'https://real' }
  const { childEnv } = demoSettings({ ...limits, ...real, PATH: '/bin' })
  expect(childEnv).toEqual({ ...limits, PATH: '/bin' })
})
