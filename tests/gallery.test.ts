import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkReason, linkReasons } from '../src/backend/linking/link-reasons.js'
import { BY_PHASE, ENDINGS } from '../src/linking-page/endings.js'
import { stateNames } from '../src/linking-page/state-names.js'
import { claims, withoutConditions } from './gallery/claims.js'
import { exhibits, formats, Room, settled, themes, type Exhibit } from './gallery/exhibition.js'
import { focusFaults, layoutFaults, saidOn } from './gallery/page-checks.js'
import { accessibilityFaults, visibleFaults } from './support/accessibility.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPageFolder } from './support/linking-page.js'

type Report = { faults: string[]; said: string }

const docs = fileURLToPath(new URL('../docs/', import.meta.url))
/** Rule 1 of the design. */
const narrowest = { width: 320, height: 640 }
const reports = new Map<string, Report>()
let shared: SharedBrowser

/** Looks at a picture in both themes at both widths. What depends on neither is looked at once. */
async function inspect(room: Room, exhibit: Exhibit): Promise<Report> {
  const { page, complaints } = await room.hang(exhibit)
  const faults = await accessibilityFaults(page)
  for (const format of formats) {
    await page.setViewportSize(format)
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme })
      await settled(page)
      const found = await visibleFaults(page)
      if (colorScheme === 'light') found.push(...(await layoutFaults(page)), ...(await focusFaults(page)))
      faults.push(...found.map(fault => `${format.name}, ${colorScheme}: ${fault}`))
    }
  }
  await page.setViewportSize(narrowest)
  faults.push(...(await layoutFaults(page)).map(fault => `${narrowest.width} px: ${fault}`))
  const said = await saidOn(page)
  return { faults: [...faults, ...complaints], said }
}

// two pictures at a time, as most machines that test have two cores
beforeAll(async () => {
  shared = await shareBrowser()
  const left = [...exhibits]
  const lane = async (): Promise<void> => {
    await using room = await Room.open(shared.browser, linkingPageFolder)
    for (let next = left.shift(); next; next = left.shift()) reports.set(next.picture.name, await inspect(room, next))
  }
  await Promise.all([lane(), lane()])
}, 180_000)

afterAll(() => shared[Symbol.asyncDispose]())

describe.each(exhibits.map(({ state, picture }) => ({ state, name: picture.name })))('$name', ({ state, name }) => {
  test('is accessible, fits, and is walked through in the order of reading', () => {
    expect(reports.get(name)?.faults).toEqual([])
  })

  test('claims no more than is known', () => {
    const said = withoutConditions(reports.get(name)?.said ?? '')
    expect(said).not.toBe('')
    const tooMuch = claims.filter(claim => !claim.states.includes(state) && claim.words.test(said))
    expect(tooMuch.map(({ what, words }) => `${what}: ${words.exec(said)?.[0] ?? ''}`)).toEqual([])
  })
})

test.each(linkReasons)('the server’s sentence for %s claims no more than is known', code => {
  const { message, action } = linkReason(code) ?? { message: '', action: '' }
  const said = withoutConditions(`${message}\n${action}`)
  const always = claims.filter(({ states }) => !states.includes('failed'))
  const tooMuch = always.filter(({ words, reasons }) => words.test(said) && reasons?.includes(code) !== true)
  expect(tooMuch.map(({ what }) => what)).toEqual([])
})

test('every reason of the server has a heading of its own, or its phase’s', () => {
  const notes = ['delivery_unconfirmed', 'delivery_refused', 'superseded_older']
  const underTheirPhase = ['qr_expired', 'code_expired', 'cancelled', 'cancelled_late']
  const expected = linkReasons.filter(code => !notes.includes(code) && !underTheirPhase.includes(code))
  expect(Object.keys(ENDINGS).toSorted()).toEqual(expected.toSorted())
  expect(Object.keys(BY_PHASE)).toEqual(['expired', 'cancelled', 'failed'])
})

test('the gallery in the documents shows every state, and nothing that is no more', () => {
  const files = exhibits.flatMap(({ picture }) =>
    formats.flatMap(format => themes.map(theme => `${picture.name}-${format.name}-${theme}.webp`)),
  )
  const folder = `${docs}gallery`
  expect(existsSync(folder) ? readdirSync(folder).toSorted() : []).toEqual(files.toSorted())
  const document = readFileSync(`${docs}gallery.md`, 'utf8')
  for (const state of stateNames) expect(document).toContain(`## ${state}\n`)
  for (const file of files) expect(document).toContain(`(gallery/${file})`)
})
