// Mounts a widget as Streamlit does, and keeps what it tells the page.
export function mounted(widget, parentElement, data) {
  const told = []
  const tell = (name, value) => told.push([name, value])
  const drawn = (newer) => widget({ parentElement, data: [newer], setStateValue: tell, setTriggerValue: tell })
  drawn(data)
  const last = (name) => told.filter(([one]) => one === name).at(-1)?.[1]
  return { told, last, again: drawn, find: (selector) => parentElement.querySelectorAll(selector) }
}
