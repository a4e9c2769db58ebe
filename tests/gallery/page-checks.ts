import type { Page } from 'playwright-core'

/** Least height and width of a target, and of a link inside a sentence, in px. */
const TARGET = 44
const INLINE = 24
const SMALLEST_QR = 240

/** What a browser measures: sideways overflow, parts that stick out of their card, targets and codes that are too small. */
export function layoutFaults(page: Page): Promise<string[]> {
  return page.evaluate(
    ({ target, inline, smallestQr }) => {
      const name = (node: Element): string => `${node.tagName.toLowerCase()}.${node.className} “${node.textContent}”`
      const visible = (node: Element): boolean => node.checkVisibility({ visibilityProperty: true })
      const faults: string[] = []
      const { scrollWidth, clientWidth } = document.documentElement
      if (scrollWidth > clientWidth) faults.push(`${scrollWidth - clientWidth} px wider than the window`)
      const card = document.querySelector('#card')
      const edge = card?.getBoundingClientRect()
      for (const node of card?.querySelectorAll('*:not(.sr-only, .sr-only *)') ?? []) {
        const box = node.getBoundingClientRect()
        if (edge && visible(node) && (box.left < edge.left || box.right > edge.right))
          faults.push(`${name(node)} sticks out of the card`)
      }
      for (const node of document.querySelectorAll('button, select, input, label.way, a')) {
        if (!visible(node)) continue
        const { width, height } = node.getBoundingClientRect()
        const least = node.closest('p') && node.matches('a') && !node.matches('.support') ? inline : target
        if (height < least || width < least) faults.push(`${name(node)} is ${width} × ${height} px, not ${least}`)
      }
      const qr = document.querySelector('.qr-shown')?.getBoundingClientRect()
      if (qr && qr.width < smallestQr) faults.push(`the QR is only ${qr.width} px wide`)
      return faults
    },
    { target: TARGET, inline: INLINE, smallestQr: SMALLEST_QR },
  )
}

type Stop = { text: string; ring: boolean; top: number; bottom: number; left: number }

/** Goes through the page with the Tab key: each control once, in the order of reading, each time with a ring to be seen. */
export async function focusFaults(page: Page): Promise<string[]> {
  const all = await page.evaluate(() => {
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
    const controls = [...document.querySelectorAll('button, select, input, a[href]')]
    const reachable = controls.filter(node => node.checkVisibility({ visibilityProperty: true }))
    // of a group of radio buttons only the chosen one is a stop
    return reachable.filter(node => !(node instanceof HTMLInputElement && node.type === 'radio' && !node.checked))
      .length
  })
  const stops: (Stop | null)[] = []
  for (let i = 0; i < all; i += 1) {
    await page.keyboard.press('Tab')
    stops.push(
      await page.evaluate(() => {
        const node = document.activeElement
        if (!node || node === document.body) return null
        const ringed = node.closest('.way') ?? node
        const { top, bottom, left } = node.getBoundingClientRect()
        return {
          text: node.textContent || node.id,
          ring: getComputedStyle(ringed).outlineStyle !== 'none',
          top: top + scrollY,
          bottom: bottom + scrollY,
          left,
        }
      }),
    )
  }
  return stops.flatMap((stop, i) => {
    if (stop === null) return [`only ${i} of ${all} controls can be reached by Tab`]
    const before = stops[i - 1]
    const sameRow = before && stop.top < before.bottom && stop.bottom > before.top
    const back = before && (sameRow ? stop.left <= before.left : stop.bottom <= before.top)
    return [
      ...(back ? [`the focus goes back from “${before.text}” to “${stop.text}”`] : []),
      ...(stop.ring ? [] : [`“${stop.text}” shows no ring when it has the focus`]),
    ]
  })
}

/** All that the card says to eyes and ears at this moment; not the steps to come, which promise nothing. */
export function saidOn(page: Page): Promise<string> {
  return page.evaluate(() => {
    const card = document.querySelector<HTMLElement>('#card')
    const toCome = [...document.querySelectorAll<HTMLElement>('.preview, .progress, .tasks')]
    for (const part of toCome) part.style.setProperty('display', 'none')
    const names = [...(card?.querySelectorAll('[aria-label]') ?? [])].map(node => node.getAttribute('aria-label'))
    const said = [card?.innerText, ...names].join('\n')
    for (const part of toCome) part.style.removeProperty('display')
    return said
  })
}
