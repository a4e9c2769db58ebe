// What the gateway would answer for each picture.
const sessionId = '7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90'
const base = { sessionId, mode: 'handed_off', reason: null, since: '2026-01-01T00:00:00.000Z' }
const linking = { ...base, status: 'connecting', state: 'linking' }
const over = { ...base, status: 'disconnected' }
const start = '/api/sessions/start'

export const settings = { supportUrl: 'https://example.org/support', logoUrl: null }

const superseded = {
  code: 'older_session_superseded',
  message: 'An older session of this account was replaced by this one.',
  action: 'If a bot still uses the older session ID, give it the new one.',
}

export const panels = [
  { name: 'welcome', ready: '.panel-welcome' },
  { name: 'welcome-managed', mode: 'managed', ready: '.panel-welcome' },
  { name: 'starting', press: 'Start', hang: start, ready: '.qr-waiting' },
  {
    name: 'scan',
    view: { ...linking, phase: 'scanning', step: 1, percent: 10, qrExpiresInMs: 41_000, expiresInMs: 102_000 },
    ready: '.qr-shown',
  },
  {
    name: 'scan-next-code',
    view: { ...linking, phase: 'scanning', step: 1, percent: 10, qrExpiresInMs: 0, expiresInMs: 62_000 },
    ready: '.qr-cover:not([hidden])',
  },
  {
    name: 'scan-offline',
    offline: true,
    view: { ...linking, phase: 'scanning', step: 1, percent: 10, qrExpiresInMs: 41_000, expiresInMs: 102_000 },
    ready: '.qr-shown',
  },
  { name: 'scanned', view: { ...linking, phase: 'scanned', step: 1, percent: 35 }, ready: '.panel-working' },
  { name: 'preparing', view: { ...linking, phase: 'preparing', step: 2, percent: 55 }, ready: '.panel-working' },
  {
    name: 'delivering-managed',
    view: { ...linking, mode: 'managed', phase: 'delivering', step: 2, percent: 80 },
    ready: '.panel-working',
  },
  {
    name: 'complete',
    view: { ...over, state: 'handed_off', phase: 'complete', step: 3, percent: 100 },
    ready: '.panel-complete',
  },
  {
    name: 'complete-superseded',
    view: { ...over, state: 'handed_off', phase: 'complete', step: 3, percent: 100, reason: superseded },
    ready: '.note:not([hidden])',
  },
  {
    name: 'complete-managed',
    view: {
      ...base,
      status: 'connected',
      state: 'connected',
      mode: 'managed',
      phase: 'complete',
      step: 3,
      percent: 100,
    },
    ready: '.panel-complete',
  },
  {
    name: 'expired',
    view: { ...over, state: 'expired', phase: 'expired', step: 1, percent: 10 },
    ready: '.panel-ended',
  },
  {
    name: 'failed',
    view: {
      ...over,
      state: 'disconnected',
      phase: 'failed',
      step: 1,
      percent: 35,
      reason: {
        code: 'wrong_number',
        message: 'The phone that scanned the code has another number than the one this link was made for.',
        action: 'Scan again with the right phone. The other number was logged out again.',
      },
    },
    ready: '.panel-ended',
  },
  {
    name: 'failed-late',
    view: { ...over, state: 'disconnected', phase: 'failed', step: 2, percent: 55 },
    ready: '.panel-ended .hint',
  },
  {
    name: 'too-many-attempts',
    press: 'Start',
    problem: {
      on: start,
      status: 429,
      retryAfter: '95',
      body: {
        code: 'too_many_attempts',
        detail: 'This address has started many attempts in a short time.',
        action: 'Wait a moment, then start again.',
      },
    },
    ready: '.panel-trouble',
  },
  {
    name: 'not-ready',
    press: 'Start',
    problem: {
      on: start,
      status: 503,
      retryAfter: '5',
      body: { code: 'database_unavailable', detail: 'The database does not answer.', action: 'Try again shortly.' },
    },
    ready: '.panel-trouble',
  },
  {
    name: 'whatsapp-unreachable',
    press: 'Start',
    problem: {
      on: start,
      status: 502,
      body: { code: 'whatsapp_unreachable', detail: 'WhatsApp did not answer.', action: 'Try again in a minute.' },
    },
    ready: '.panel-trouble',
  },
]

// Cancelling is pressed on the page itself, as a reload forgets a cancelled attempt.
panels.push({
  name: 'cancelled',
  press: 'Cancel',
  view: { ...linking, phase: 'scanning', step: 1, percent: 10, qrExpiresInMs: 41_000, expiresInMs: 102_000 },
  ready: '.panel-ended-cancelled',
})
