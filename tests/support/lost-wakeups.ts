import { wakeChannel } from '../../src/backend/events/wake.js'
import pg from 'pg'

/**
 * From here on no transaction of this database wakes anybody: what it notifies of goes nowhere, as when a listening line has died and
 * nobody has noticed yet. Only for a database that is thrown away.
 */
export class LostWakeups implements AsyncDisposable {
  #heard = 0

  private constructor(private readonly client: pg.Client) {}

  static async begin(ownerUrl: string): Promise<LostWakeups> {
    const client = new pg.Client(ownerUrl)
    await client.connect()
    const lost = new LostWakeups(client)
    client.on('notification', () => (lost.#heard += 1))
    await client.query(`listen ${wakeChannel}`)
    // the gateways' own schema comes next in their search path
    await client.query(`
      alter function pg_catalog.pg_notify(text, text) rename to pg_notify_for_real;
      create sequence lost_wakeups;
      grant usage on sequence lost_wakeups to public;
      create function pg_notify(channel text, payload text) returns void language sql as
        $$ select nextval('lost_wakeups') $$`)
    return lost
  }

  /** How many transactions wanted to wake somebody, and how many did. */
  async counts(): Promise<{ lost: number; heard: number }> {
    const { rows } = await this.client.query<{ lost: number }>('select last_value::int as lost from lost_wakeups')
    return { lost: rows[0]?.lost ?? 0, heard: this.#heard }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}
