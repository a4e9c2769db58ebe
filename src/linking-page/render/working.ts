import type { Task } from '../screen.js'
import { button, el, heading, setText } from './element.js'
import { icon } from './icons.js'
import { reasonNote } from './note.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

const SPOKEN: Record<Task['stage'], string> = { done: 'done: ', now: 'now: ', later: 'next: ' }

/** Between the scan and the end: what is happening, in the order it happens. */
export function workingPanel(actions: PanelActions): PanelView<PanelOf<'working'>> {
  const title = heading('')
  const list = el('ol', { class: 'tasks' })
  const note = reasonNote()
  const cancel = button('Cancel', 'quiet', actions.cancel)
  const element = el(
    'div',
    { class: 'panel panel-working' },
    title,
    el('p', { class: 'how' }, 'Keep this page and WhatsApp on your phone open for a moment.'),
    list,
    note.element,
    cancel,
  )
  return {
    element,
    heading: title,
    update(panel) {
      setText(title, panel.title)
      list.replaceChildren(...panel.tasks.map(taskItem))
      note.show(panel.note)
      cancel.setAttribute('aria-disabled', String(panel.cancelling))
      setText(cancel, panel.cancelling ? 'Cancelling…' : 'Cancel')
    },
  }
}

function taskItem(task: Task): HTMLLIElement {
  const mark = el('span', { class: 'task-mark', 'aria-hidden': 'true' })
  if (task.stage === 'done') mark.append(icon('check'))
  const words = el('span', {}, el('span', { class: 'sr-only' }, SPOKEN[task.stage]), task.text)
  return el('li', { class: `task task-${task.stage}` }, mark, words)
}
