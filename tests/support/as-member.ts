import { randomUUID } from 'node:crypto'
import type { Operator } from './operator.js'
import type { Rows } from './rows.js'
import type { Answer } from './visitor.js'

/** A member of a workspace for whom a service asks. */
export class AsMember {
  private constructor(
    private readonly asks: Operator,
    readonly workspaceId: string,
    readonly userId: string,
  ) {}

  /** @param workspaceId `null`: the operator's; one that is not there yet is made */
  static async join(
    { rows, operator }: { rows: Rows; operator: Operator },
    { workspaceId = null, role = 'member' }: { workspaceId?: string | null; role?: string } = {},
  ): Promise<AsMember> {
    const [known] = await rows.query<{ id: string }>(`select value as id from meta where key = 'operator_workspace'`)
    const id = workspaceId ?? known?.id ?? ''
    await rows.query(
      `insert into workspaces (id, name, slug) values ($1::uuid, 'W', $1::uuid::text) on conflict (id) do nothing`,
      [id],
    )
    const userId = randomUUID()
    await rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'M', $3)`, [
      id,
      userId,
      role,
    ])
    return new AsMember(operator, id, userId)
  }

  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.asks.ask(method, path, body, { 'x-user-id': this.userId, 'x-workspace-id': this.workspaceId })
  }

  /** What `GET /api/v1/sessions` tells them of. */
  async sessions(): Promise<string[]> {
    const { body } = await this.ask('GET', '/api/v1/sessions')
    return (body['sessions'] as { sessionId: string }[]).map(({ sessionId }) => sessionId)
  }
}
