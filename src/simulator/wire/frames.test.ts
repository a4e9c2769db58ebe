import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameReader } from './frames.js'

const INTRO = Buffer.from([0x57, 0x41, 6, 3])
const words = ['one', 'two', ''].map(word => Buffer.from(word))
const stream = Buffer.concat([INTRO, ...words.map(encodeFrame)])

describe('the frame reader', () => {
  test('finds the frames wherever the messages are cut', () => {
    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader()
      const frames: Buffer[] = []
      for (let at = 0; at < stream.length; at += size) frames.push(...reader.push(stream.subarray(at, at + size)))
      expect(frames).toEqual(words)
      expect(reader.intro).toEqual(INTRO)
    }
  })

  test('passes over routing information, byte by byte too', () => {
    const routed = Buffer.concat([Buffer.from('ED\0\x01\0\0\x03abc', 'latin1'), stream])
    const whole = new FrameReader()
    expect(whole.push(routed)).toEqual(words)
    expect(whole.intro).toEqual(INTRO)
    const slow = new FrameReader()
    expect([...routed].flatMap(byte => slow.push(Buffer.from([byte])))).toEqual(words)
  })

  test('refuses strangers and absurd lengths', () => {
    expect(() => new FrameReader().push(Buffer.from('GET / HTTP'))).toThrow(/intro/)
    expect(() => new FrameReader().push(Buffer.concat([INTRO, Buffer.from([255, 255, 255])]))).toThrow(/large/)
  })
})
