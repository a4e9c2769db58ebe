import { beforeEach, describe, expect, test } from 'vitest'
import { PipelineWatch } from './watch-pipeline.js'

let watch: PipelineWatch
const live = { waited: false, encrypted: true }
const waited = { waited: true, encrypted: true }
const plain = { waited: false, encrypted: false }

beforeEach(() => {
  watch = new PipelineWatch({ reachMs: 30, answerMs: 60 })
})

test('what is answered is well, however many there are', () => {
  for (let now = 0; now < 1_000; now++) {
    watch.arrived(`m${now}`, live, now)
    watch.reached(`m${now}`, now)
    watch.answered(`m${now}`, now)
  }
  expect(watch.stuck(1_000_000)).toBeNull()
})

test('a message that never reaches the decryption is found after its time, one that is never answered after twice that', () => {
  watch.arrived('a', live, 0)
  expect(watch.stuck(30)).toBeNull()
  expect(watch.stuck(31)).toBe('a')
  watch.reached('a', 31)
  expect(watch.stuck(60)).toBeNull()
  expect(watch.stuck(61)).toBe('a')
})

test('one that is not encrypted has only its answer to wait for', () => {
  watch.arrived('a', plain, 0)
  expect(watch.stuck(60)).toBeNull()
  expect(watch.stuck(61)).toBe('a')
})

test('a long queue that moves is not ill, and is as soon as it stops', () => {
  for (let i = 0; i < 100; i++) watch.arrived(`m${i}`, waited, 0)
  for (let i = 0; i < 99; i++) {
    watch.reached(`m${i}`, i * 20)
    watch.answered(`m${i}`, i * 20)
    expect(watch.stuck(i * 20 + 19), String(i)).toBeNull()
  }
  expect(watch.stuck(98 * 20 + 31)).toBe('m99')
})

test('what came live does not count as progress of what waited, nor as overtaking it', () => {
  watch.arrived('old', waited, 0)
  for (let now = 1; now < 30; now++) {
    watch.arrived(`n${now}`, live, now)
    watch.answered(`n${now}`, now)
  }
  expect(watch.stuck(30)).toBeNull()
  expect(watch.stuck(31)).toBe('old')
})

test('a message that later ones have overtaken is lost, though the others go on', () => {
  watch.arrived('lost', live, 0)
  for (let now = 1; now <= 70; now++) {
    watch.arrived(`n${now}`, live, now)
    watch.reached(`n${now}`, now)
    watch.answered(`n${now}`, now)
  }
  expect(watch.stuck(31)).toBe('lost')
})

test('a line that stood still gets its time anew', () => {
  watch.arrived('a', live, 0)
  watch.restart(100)
  expect(watch.stuck(130)).toBeNull()
  expect(watch.stuck(131)).toBe('a')
})

describe('messages that were announced', () => {
  test('and never come are missed', () => {
    watch.announced(0)
    expect(watch.stuck(60)).toBeNull()
    expect(watch.stuck(61)).toBe('')
  })

  test('and come are not', () => {
    watch.announced(0)
    watch.arrived('a', waited, 50)
    watch.answered('a', 51)
    expect(watch.stuck(1_000)).toBeNull()
  })
})
