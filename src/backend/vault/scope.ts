/** Whose data key: one session's (UUIDs), or a workspace's own for everything that belongs to no session. */
export type Scope = { workspaceId: string; sessionId: string | null }

/** Both ids in the one spelling that is bound into every seal; `-` stands for no session. */
export function idOf({ workspaceId, sessionId }: Scope): [workspace: string, session: string] {
  return [workspaceId.toLowerCase(), sessionId?.toLowerCase() ?? '-']
}
