import { beforeEach, expect, test } from 'vitest'
import type { ConnectOptions, Engine, EngineConnection, EngineEvent } from '../engine/engine.js'
import { attemptLines, type AttemptLines } from './attempt-lines.js'

type Line = { connection: EngineConnection; stands: () => boolean; told: string[]; close: () => void }

let lines: AttemptLines
/** What happens as a line goes on: a frame that waited wants to leave. */
let onResume: () => void

beforeEach(() => {
  onResume = () => {}
  const connect = ({ onEvent }: ConnectOptions) => {
    let paused = false
    const close = () =>
      onEvent({ type: 'closed', reason: { plane: 'local', kind: 'connection_lost', status: null, phase: 'linking' } })
    return {
      pause: () => void (paused = true),
      resume() {
        paused = false
        onResume()
      },
      stands: () => !paused,
      close,
    }
  }
  lines = attemptLines({ connect } as unknown as Engine)
})

function open(): Line {
  const told: string[] = []
  const onEvent = ({ type }: EngineEvent) => void told.push(type)
  const connection = lines.engine.connect({ onEvent } as unknown as ConnectOptions)
  return { connection, told, ...(connection as unknown as Pick<Line, 'stands' | 'close'>) }
}

const standing = (...of: Line[]) => of.map(line => line.stands())

test('in doubt every line of an attempt stands still, also one that opens then, until the doubt is over', () => {
  const [one, other] = [open(), open()]
  lines.pauseAll()
  const late = open()
  expect(standing(one, other, late)).toEqual([false, false, false])
  lines.resumeAll()
  expect(standing(one, other, late, open())).toEqual([true, true, true, true])
})

test('a line that is lost is told so, and nothing more is done with it', () => {
  const line = open()
  line.close()
  lines.pauseAll()
  expect(line.told).toEqual(['closed'])
  expect(line.stands()).toBe(true)
})

test('a line that a session has adopted is the session’s alone', () => {
  const [adopted, ours] = [open(), open()]
  lines.pauseAll()
  lines.letGo(adopted.connection)
  lines.resumeAll()
  expect(standing(adopted, ours)).toEqual([false, true])
})

test('a doubt that begins as lines go on keeps still what does, and what went on already', () => {
  const all = [open(), open(), open()]
  lines.pauseAll()
  onResume = () => lines.pauseAll()
  lines.resumeAll()
  expect(standing(...all)).toEqual([false, false, false])
})
