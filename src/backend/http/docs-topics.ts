/** What the page groups routes by, in its order; the first that fits. */
const topics: readonly (readonly [name: string, path: RegExp])[] = [
  ['Sessions', /^\/api\/v1\/sessions/],
  ['Live events', /^\/api\/v1\/ws-tickets/],
  ['API keys', /^\/api\/v1\/api-keys/],
  ['Signing in', /^\/api\/v1\/(auth|me)\b/],
  ['Workspaces, members, invitations', /^\/api\/v1\/(workspaces|members|invitations)/],
  ['Audit log', /^\/api\/v1\/audit/],
  ['Privacy', /^\/api\/v1\/privacy/],
  ['The linking page', /^\/api\/(sessions|page-settings)/],
  ['For people, by the older names', /^\/api\/whatsapp\//],
  ['For services, by the older names', /^\/(connect|disconnect|reconnect|session-status|sessions)\b/],
  ['Health and this document', /^\/(health|openapi\.json)/],
]

export const topicOf = (path: string): string => topics.find(([, form]) => form.test(path))?.[0] ?? 'More'

/** Those that have something, each with what it has. */
export function byTopic<Item extends { path: string }>(items: readonly Item[]): [topic: string, of: Item[]][] {
  const names = [...topics.map(([name]) => name), 'More']
  return names
    .map((name): [string, Item[]] => [name, items.filter(({ path }) => topicOf(path) === name)])
    .filter(([, of]) => of.length > 0)
}
