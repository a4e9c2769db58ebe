import axe from 'axe-core'
import type { Page } from 'playwright-core'

declare global {
  interface Window {
    axe: typeof axe
  }
}

/** Only what depends on the window and the theme, of a page that {@link accessibilityFaults} has looked at. */
export async function visibleFaults(page: Page): Promise<string[]> {
  const rules = ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size']
  return faultsOf(
    await page.evaluate(runOnly => window.axe.run(document, { runOnly, resultTypes: ['violations'] }), rules),
  )
}

/**
 * What axe calls serious or critical in the page as it is now, as `rule: selector`. The program is evaluated through the debugger, so the
 * page's own policy stays in force.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return faultsOf(await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] })))
}

function faultsOf({ violations }: axe.AxeResults): string[] {
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`))
}
