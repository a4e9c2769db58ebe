/** The parts of `src`, and which others each may import. `types`: only as types, so that nothing of the other is loaded. */
export const parts = {
  contract: {},
  simulator: {},
  session: { types: ['contract'] },
  backend: { values: ['contract', 'session'] },
  'linking-page': { values: ['contract'] },
  cli: { values: ['backend', 'contract', 'session'] },
  client: { types: ['contract'] },
  demo: { values: ['backend', 'contract', 'linking-page', 'simulator'] },
}

/**
 * The rooms of `src/backend`, from the top. A room imports from lines below its own only; rooms of one line do not know each other.
 * Every folder and file there stands here.
 */
export const backendRooms = [
  ['main.ts', 'index.ts'],
  ['run-gateway.ts'],
  ['app.ts', 'start-up-problem.ts'],
  ['drain.ts', 'composition'],
  ['key-rotation'],
  ['privacy'],
  [
    'recovery.ts',
    'session-hooks.ts',
    'jobs',
    'gateway-database.ts',
    'release-sessions.ts',
    'node-health.ts',
    'owner-database.ts',
    'owner-link.ts',
  ],
  ['take-over.ts', 'keep-local-database.ts'],
  ['own-chat', 'session-commands'],
  ['linking'],
  ['sessions'],
  ['outbox', 'live', 'admission', 'metrics', 'api-keys', 'idempotency'],
  ['engine', 'identity'],
  ['audit'],
  ['events', 'leases', 'http', 'tenancy'],
  ['vault'],
  ['database'],
  ['config'],
  ['prelude.ts'],
  [
    'prelude',
    'log.ts',
    'errors.ts',
    'releases.ts',
    'short-memory.ts',
    'at-most.ts',
    'brand-logo.ts',
    'package-version.ts',
  ],
]

/** Packages whose types and values stop at these folders, because a second engine must not meet them elsewhere. */
export const confined = {
  '@whiskeysockets/baileys': ['src/backend/engine/baileys/', 'src/backend/prelude/', 'src/session/', 'src/simulator/'],
  libsignal: ['src/backend/engine/baileys/', 'src/backend/prelude/', 'src/session/', 'src/simulator/'],
}
