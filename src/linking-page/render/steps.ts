import type { Steps } from '../screen.js'
import { el, setText } from './element.js'
import { icon } from './icons.js'

export interface StepsView {
  readonly element: HTMLElement
  show(steps: Steps | null): void
}

/** The three steps with their progress bar. */
export function stepsView(): StepsView {
  const fill = el('div', { class: 'bar-fill' })
  const bar = el(
    'div',
    {
      class: 'bar',
      role: 'progressbar',
      'aria-label': 'Linking progress',
      'aria-valuemin': '0',
      'aria-valuemax': '100',
    },
    fill,
  )
  const names = [0, 1, 2].map(() => el('span', { class: 'step-name' }))
  const spoken = [0, 1, 2].map(() => el('span', { class: 'sr-only' }))
  const items = names.map((name, i) => {
    const mark = el('span', { class: 'step-mark', 'aria-hidden': 'true' }, el('span', {}, String(i + 1)), icon('check'))
    return el('li', { class: 'step' }, mark, name, spoken[i] ?? '')
  })
  const element = el('div', { class: 'progress', hidden: '' }, bar, el('ol', { class: 'steps' }, ...items))
  return {
    element,
    show(steps) {
      element.hidden = steps === null
      if (!steps) return
      const percent = String(steps.percent)
      bar.setAttribute('aria-valuenow', percent)
      bar.setAttribute(
        'aria-valuetext',
        `Step ${steps.current} of 3: ${steps.names[steps.current - 1] ?? ''}, ${percent} percent`,
      )
      fill.style.setProperty('inline-size', `${steps.percent}%`)
      items.forEach((item, i) => {
        const done = steps.finished || i + 1 < steps.current
        const now = !done && i + 1 === steps.current
        item.classList.toggle('step-done', done)
        item.classList.toggle('step-now', now)
        if (now) item.setAttribute('aria-current', 'step')
        else item.removeAttribute('aria-current')
        const name = names[i]
        const extra = spoken[i]
        if (name) setText(name, steps.names[i] ?? '')
        if (extra) setText(extra, done ? ' (done)' : '')
      })
    },
  }
}
