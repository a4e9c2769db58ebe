export type KeyedView<Item> = { element: HTMLElement; update(item: Item): void }

/**
 * Keeps the children of `parent` in step with a list: one view per key, which stays while its key does, so that focus, selection and
 * scroll position survive every update.
 */
export function keyedList<Item>(
  parent: HTMLElement,
  keyOf: (item: Item) => string,
  make: (item: Item) => KeyedView<Item>,
): (items: readonly Item[]) => void {
  const views = new Map<string, KeyedView<Item>>()
  return items => {
    const keys = new Set(items.map(keyOf))
    for (const [key, view] of views) {
      if (keys.has(key)) continue
      view.element.remove()
      views.delete(key)
    }
    items.forEach((item, index) => {
      const key = keyOf(item)
      const view = views.get(key) ?? make(item)
      views.set(key, view)
      view.update(item)
      const there = parent.children[index]
      if (there !== view.element) parent.insertBefore(view.element, there ?? null)
    })
  }
}
