import { randomBytes } from 'node:crypto'
import type { WorkspaceId } from '../../src/contract/ids.js'
import { Operator } from './operator.js'
import { Rows } from './rows.js'
import { TestGateway } from './test-gateway.js'

/** The real app with its operator's program, and a look into their workspace. */
export class OperatorRig implements AsyncDisposable {
  private constructor(
    readonly gateway: TestGateway,
    readonly rows: Rows,
    readonly token: string,
    readonly workspaceId: WorkspaceId,
  ) {}

  static async open(): Promise<OperatorRig> {
    const token = randomBytes(32).toString('hex')
    const gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
    const rows = new Rows(gateway.database.ownerUrl)
    const [row] = await rows.query<{ id: WorkspaceId }>('select id from workspaces')
    if (row === undefined) throw new Error('no workspace')
    return new OperatorRig(gateway, rows, token, row.id)
  }

  /** Of the app that runs now: one that was started again has another address. */
  get operator(): Operator {
    return new Operator(this.gateway.url, this.token)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]()
    await this.gateway[Symbol.asyncDispose]()
  }
}
