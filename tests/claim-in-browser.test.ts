import { randomBytes } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { focusFaults, layoutFaults } from './gallery/page-checks.js'
import { accessibilityFaults, visibleFaults } from './support/accessibility.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPage, LinkingTab } from './support/linking-page.js'
import { PageWitness } from './support/page-witness.js'
import { PeopleRig } from './support/people-rig.js'
import { Person } from './support/person.js'
import { TestGateway } from './support/test-gateway.js'

let shared: SharedBrowser
let rig: PeopleRig
let context: BrowserContext
let witness: PageWitness

beforeAll(async () => {
  shared = await shareBrowser()
  rig = await PeopleRig.open({ pages: linkingPage() })
})

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

beforeEach(async () => {
  context = await shared.browser.newContext({ viewport: { width: 390, height: 800 } })
  witness = new PageWitness(context)
  await witness.watchDocuments()
})

afterEach(() => context.close())

const fill = async (page: Page, { email, password }: Person): Promise<void> => {
  await page.getByLabel('Your name').fill('Ada')
  if (await page.getByLabel('E-mail').isEditable()) await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
}

const linkOf = (token: string): string => `${rig.gateway.url}/claim#${token}`

test('the printed link makes somebody the first owner, who can sign in from then on', async () => {
  await using gateway = await TestGateway.start({ pages: linkingPage(), simulator: rig.gateway.simulator })
  const link = (await gateway.firstOwnerLink()) ?? ''
  const person = new Person(gateway.url, 'ada@example.com', 'teapot under the moon')
  const tab = await LinkingTab.open(context, link)
  await tab.shows('Become the first owner')
  await fill(tab.page, person)
  await tab.press('Become the owner')
  await tab.shows('You own this gateway')
  expect(await tab.focused()).toBe('You own this gateway')
  expect(tab.page.url()).toBe(`${gateway.url}/claim`)
  expect((await person.signIn()).body['role']).toBe('owner')
  await tab.page.goto(link)
  await tab.shows('This link is not good any more')
})

test('an invitation says what is wrong with a password, and lets its person in with a better one', async () => {
  const email = 'invited@example.com'
  const person = rig.stranger(email)
  const tab = await LinkingTab.open(context, linkOf(await rig.invitation('admin', { email })))
  await tab.shows('Join “Operator”')
  await expect.poll(() => tab.page.getByLabel('E-mail').inputValue()).toBe(email)
  await fill(tab.page, new Person(rig.gateway.url, email, 'short'))
  await tab.press('Join')
  const problem = tab.page.getByRole('alert')
  await expect.poll(() => problem.textContent()).toContain('The password must have 10 characters at least.')
  await fill(tab.page, person)
  await tab.press('Join')
  await tab.shows('You are in “Operator”')
  expect((await person.signIn()).status).toBe(200)
})

test('a link for a new password asks for that alone, for the login that it names', async () => {
  const person = await rig.join()
  const token = `whiz_password_${randomBytes(32).toString('base64url')}`
  await rig.rows.query(
    `update logins set password_link_hash = sha256($2::text::bytea), password_link_until = now() + interval '1 hour',
       password_link_drops_factor = true where id = $1`,
    [person.userId, token],
  )
  const tab = await LinkingTab.open(context, linkOf(token))
  await tab.shows('Choose a new password')
  await expect.poll(() => tab.page.locator('#text').textContent()).toContain('you sign in without a second factor')
  expect(await tab.page.getByLabel('Your name').isVisible()).toBe(false)
  expect(await tab.page.getByLabel('E-mail').inputValue()).toBe(person.email)
  expect(await tab.page.getByLabel('E-mail').isEditable()).toBe(false)
  person.password = 'teapot under the moon'
  await tab.page.getByLabel('Password').fill(person.password)
  expect(await accessibilityFaults(tab.page)).toEqual([])
  await tab.press('Take this password')
  await tab.shows('You have a new password')
  expect(tab.page.url()).toBe(`${rig.gateway.url}/claim`)
  expect((await person.signIn()).status).toBe(200)
  await tab.page.goto(linkOf(token))
  await tab.shows('This link is not good any more')
})

test('what is no link says so', async () => {
  const tab = await LinkingTab.open(context, `${rig.gateway.url}/claim`)
  await tab.shows('There is something missing')
  await tab.page.goto(linkOf('whiz_invite_nothing'))
  await tab.shows('This link is not good any more')
})

test('on a phone and a desktop, in light and dark, it is accessible and fits', async () => {
  const tab = await LinkingTab.open(context, linkOf(await rig.invitation()))
  await tab.shows('Join “Operator”')
  const faults = await accessibilityFaults(tab.page)
  for (const width of [320, 390, 1280]) {
    await tab.page.setViewportSize({ width, height: 800 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.page.emulateMedia({ colorScheme })
      await tab.settled()
      faults.push(...(await visibleFaults(tab.page)))
    }
    faults.push(...(await layoutFaults(tab.page)), ...(await focusFaults(tab.page)))
  }
  expect(faults).toEqual([])
  expect(witness.problems).toEqual([])
})
