import { expect, test } from 'vitest'
import { endpoint, questionOf } from './endpoint.js'

test('a path takes its fields out of what is given, and the rest is the query of a GET', () => {
  const input = { sessionId: 'a/../b?c', limit: 5, state: ['connected', 'disconnected'], before: undefined }
  expect(questionOf(endpoint('GET', '/x/:sessionId/y'), input)).toEqual({
    method: 'GET',
    repeats: 'always',
    path: '/x/a%2F..%2Fb%3Fc/y?limit=5&state=connected%2Cdisconnected',
  })
})

test('and the body of a POST or PATCH, which is never left out', () => {
  expect(questionOf(endpoint('POST', '/x/:id'), { id: '1' })).toEqual({
    method: 'POST',
    path: '/x/1',
    repeats: 'keyed',
    body: '{}',
  })
  expect(questionOf(endpoint('PATCH', '/x/:id'), { id: '1', name: null }).body).toBe('{"name":null}')
  expect(questionOf(endpoint('DELETE', '/x/:id'), { id: '1' })).toEqual({
    method: 'DELETE',
    path: '/x/1',
    repeats: 'never',
  })
})

test.each([{}, { id: '' }, { id: 1 }])('nothing is asked without what the path needs: %j', input => {
  expect(() => questionOf(endpoint('DELETE', '/x/:id'), input)).toThrow('id is needed')
})
