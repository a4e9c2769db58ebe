import type { Panel } from '../screen.js'
import { codePanel } from './code.js'
import { completePanel } from './complete.js'
import { endedPanel } from './ended.js'
import { loadingPanel } from './loading.js'
import { numberPanel } from './number.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { queuePanel } from './queue.js'
import { scanPanel } from './scan.js'
import { troublePanel } from './trouble.js'
import { welcomePanel } from './welcome.js'
import { workingPanel } from './working.js'

export function createPanel(panel: Panel, actions: PanelActions): PanelView {
  switch (panel.kind) {
    case 'loading':
      return loadingPanel()
    case 'welcome':
      return welcomePanel(actions)
    case 'number':
      return numberPanel(actions)
    case 'queue':
      return queuePanel(actions)
    case 'scan':
      return scanPanel(actions)
    case 'code':
      return codePanel(actions)
    case 'working':
      return workingPanel(actions)
    case 'complete':
      return completePanel(actions)
    case 'ended':
      return endedPanel(actions, panel)
    case 'trouble':
      break
  }
  panel satisfies PanelOf<'trouble'>
  return troublePanel(actions, panel)
}
