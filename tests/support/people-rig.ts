import { randomBytes } from 'node:crypto'
import { Operator } from './operator.js'
import { Person, tokenOf } from './person.js'
import { Rows } from './rows.js'
import { TestGateway, type TestGatewayOptions } from './test-gateway.js'

const goodPassword = () => `${randomBytes(9).toString('base64url')} horse`

/** The real app with a first owner, and whoever they invite. */
export class PeopleRig implements AsyncDisposable {
  #guests = 0

  private constructor(
    readonly gateway: TestGateway,
    readonly rows: Rows,
    readonly owner: Person,
    /** The operator's programs. */
    readonly service: Operator,
  ) {}

  static async open(options: TestGatewayOptions = {}): Promise<PeopleRig> {
    const serviceToken = randomBytes(32).toString('hex')
    const gateway = await TestGateway.start({
      ...options,
      env: { WHATSAPP_SERVICE_TOKEN: serviceToken, ...options.env },
    })
    const owner = new Person(gateway.url, 'owner@example.com', goodPassword())
    const link = await gateway.firstOwnerLink()
    const { status, body } = await owner.claim(tokenOf(link ?? ''))
    if (status !== 200) throw new Error(`the first owner was answered ${status}: ${String(body['code'])}`)
    return new PeopleRig(gateway, new Rows(gateway.database.ownerUrl), owner, new Operator(gateway.url, serviceToken))
  }

  /** Somebody that nobody has invited yet. */
  stranger(email = `guest${++this.#guests}@example.com`): Person {
    return new Person(this.gateway.url, email, goodPassword())
  }

  /** @returns what stands behind the # of the link */
  async invitation(role = 'member', { by = this.owner, email }: { by?: Person; email?: string } = {}): Promise<string> {
    const { status, body } = await by.asks('POST', '/api/v1/invitations', {
      role,
      ...(email !== undefined && { email }),
    })
    if (status !== 200) throw new Error(`an invitation was answered ${status}: ${String(body['code'])}`)
    return tokenOf(String(body['link']))
  }

  /** A member with a login of their own, signed in. */
  async join(role = 'member', by = this.owner): Promise<Person> {
    const person = this.stranger()
    const { status, body } = await person.accept(await this.invitation(role, { by }))
    if (status !== 200) throw new Error(`joining was answered ${status}: ${String(body['code'])}`)
    return person
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]()
    await this.gateway[Symbol.asyncDispose]()
  }
}
