// Mounts a widget as Streamlit does, and keeps what it tells the page.
export function mounted(widget, parentElement, data) {
  const told = []
  const tell = (name, value) => told.push([name, value])
  const drawn = (newer) => widget({ parentElement, data: [newer], setStateValue: tell, setTriggerValue: tell })
  drawn(data)
  const last = (name) => told.filter(([one]) => one === name).at(-1)?.[1]
  return { told, last, again: drawn, find: (selector) => parentElement.querySelectorAll(selector) }
}

// Wait until something is true, however slow the machine is.
export async function until(check) {
  const end = performance.now() + 20_000
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${check}`)
    await new Promise((done) => setTimeout(done, 1))
  }
}
