import type { Panel, Screen } from './screen.js'

/** Everything the page can look like, by name. The gallery shows each of them, and its test checks each. */
export const stateNames = [
  'loading',
  'welcome-qr',
  'welcome-code',
  'number-problem',
  'number-instead',
  'queued',
  'starting-qr',
  'starting-code',
  'qr',
  'code',
  'code-entered',
  'scanned',
  'accepted',
  'preparing',
  'complete',
  'complete-unconfirmed',
  'complete-managed',
  'confirm-revoke',
  'resent',
  'wish-refused',
  'unlinked',
  'unlinking',
  'session-over',
  'expired',
  'cancelled',
  'failed',
  'gone',
  'trouble',
] as const

export type StateName = (typeof stateNames)[number]

export function stateNameOf({ panel, method }: Pick<Screen, 'panel' | 'method'>): StateName {
  switch (panel.kind) {
    case 'loading':
    case 'trouble':
      return panel.kind
    case 'welcome':
      return panel.problem === null ? `welcome-${panel.way}` : 'number-problem'
    case 'number':
      return 'number-instead'
    case 'queue':
      return 'queued'
    case 'scan':
      return panel.shown === null ? 'starting-qr' : 'qr'
    case 'code':
      return panel.shown === null ? 'starting-code' : panel.entered ? 'code-entered' : 'code'
    case 'working':
      return panel.key === 'preparing' ? 'preparing' : method === 'qr' ? 'scanned' : 'accepted'
    case 'complete':
      return completeName(panel)
    case 'ended':
      break
  }
  return endedNames[panel.key.split(' ')[0] ?? ''] ?? 'failed'
}

const endedNames: Readonly<Record<string, StateName>> = {
  expired: 'expired',
  cancelled: 'cancelled',
  failed: 'failed',
  gone: 'gone',
  unlinked: 'unlinked',
  unlinking: 'unlinking',
  'session-over': 'session-over',
}

function completeName({ mode, note, wishes }: Extract<Panel, { kind: 'complete' }>): StateName {
  if (note?.code.startsWith('delivery_')) return 'complete-unconfirmed'
  if (wishes.revoke) return wishes.revoke.stage === 'refused' ? 'wish-refused' : 'confirm-revoke'
  if (wishes.resend) return wishes.resend.stage === 'refused' ? 'wish-refused' : 'resent'
  return mode === 'managed' ? 'complete-managed' : 'complete'
}
