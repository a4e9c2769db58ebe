export interface OtherTabs {
  tell(): void
}

/**
 * Lets the tabs of one browser follow the same attempt. The message is empty: each tab asks the server for the
 * attempt its cookie names, so an id never leaves the page that knows it.
 */
export function connectOtherTabs(onChange: () => void): OtherTabs {
  if (typeof BroadcastChannel === 'undefined') return { tell() {} }
  const channel = new BroadcastChannel('whizlite-linking')
  channel.addEventListener('message', onChange)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin by nature
  return { tell: () => channel.postMessage('changed') }
}
