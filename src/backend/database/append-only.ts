/**
 * Tables of which the app role changes and deletes nothing, and the columns that it fills itself; the rest is done by triggers of the owner.
 * Whoever takes the process over cannot take back what is written there.
 */
export const APPEND_ONLY: ReadonlyMap<string, readonly string[]> = new Map([
  ['audit_log', ['workspace_id', 'entry']],
  ['audit_heads', []],
  ['tombstones', ['workspace_id', 'subject', 'kind', 'kek_id', 'erased_at']],
])

/** @param role quoted */
export function appendOnlyGrants(schema: string, role: string): string {
  return [...APPEND_ONLY]
    .flatMap(([table, columns]) => [
      `revoke insert, update, delete on ${schema}.${table} from ${role};`,
      ...(columns.length > 0 ? [`grant insert (${columns.join(', ')}) on ${schema}.${table} to ${role};`] : []),
    ])
    .join('\n')
}
