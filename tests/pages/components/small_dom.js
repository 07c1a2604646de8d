// As much of a browser's document as the widgets use, so that their tests need nothing but Node.

class ClassList {
  constructor(owner) {
    this.owner = owner
  }
  get names() {
    return this.owner.className.split(/\s+/).filter(Boolean)
  }
  contains(name) {
    return this.names.includes(name)
  }
  add(name) {
    this.toggle(name, true)
  }
  remove(name) {
    this.toggle(name, false)
  }
  toggle(name, on = !this.contains(name)) {
    const others = this.names.filter((one) => one !== name)
    this.owner.className = (on ? [...others, name] : others).join(' ')
  }
}

export class Element {
  constructor(tag) {
    Object.assign(this, { tag, className: '', children: [], parent: null, attributes: {}, hidden: false, tabIndex: 0 })
    Object.assign(this, { listeners: {}, clientWidth: 800, clientHeight: 600, offsetWidth: 100, offsetHeight: 50 })
    this.classList = new ClassList(this)
    this.style = { setProperty: (name, value) => (this.style[name] = value) }
    this.dataset = {}
  }

  // children

  append(...nodes) {
    for (const node of nodes) {
      const child = typeof node === 'string' ? Object.assign(new Element('#text'), { text: node }) : node
      child.remove()
      child.parent = this
      this.children.push(child)
    }
  }
  appendChild(node) {
    this.append(node)
    return node
  }
  prepend(node) {
    this.append(node)
    this.children.unshift(this.children.pop())
  }
  after(node) {
    this.parent.append(node)
  }
  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((one) => one !== this)
    this.parent = null
  }
  replaceChildren(...nodes) {
    for (const one of [...this.children]) one.remove()
    this.append(...nodes)
  }
  replaceWith(node) {
    node.parent = this.parent
    this.parent.children = this.parent.children.map((one) => (one === this ? node : one))
  }
  contains(other) {
    return Boolean(other) && (other === this || this.contains(other.parent))
  }
  get firstChild() {
    return this.children[0] ?? null
  }
  get isConnected() {
    return true
  }
  getRootNode() {
    return globalThis.document
  }

  // texts and attributes

  get textContent() {
    return (this.text ?? '') + this.children.map((one) => one.textContent).join('')
  }
  set textContent(text) {
    this.replaceChildren()
    this.text = String(text)
  }
  // Only what the dropzone's own markup needs: tags with classes, inputs among them.
  set innerHTML(markup) {
    this.replaceChildren()
    let at = this
    for (const [, end, tag, rest, closed] of markup.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>/g)) {
      if (end) at = at.parent
      else {
        const made = new Element(tag)
        made.className = rest.match(/class="([^"]*)"/)?.[1] ?? ''
        made.hidden = /\shidden\b/.test(rest)
        at.append(made)
        if (!closed && tag !== 'input') at = made
      }
    }
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value)
  }
  getAttribute(name) {
    return this.attributes[name] ?? null
  }
  removeAttribute(name) {
    delete this.attributes[name]
  }

  // finding: lists of chains of tag, .class, [name] and [name="value"]

  matches(selector) {
    return selector.split(/,(?![^[]*\])/).some((chain) => this.ends(chain.trim().split(/\s+/)))
  }
  ends(steps) {
    if (!this.is(steps.at(-1))) return false
    if (steps.length === 1) return true
    for (let at = this.parent; at; at = at.parent) if (at.ends(steps.slice(0, -1))) return true
    return false
  }
  is(step) {
    const [, tag] = step.match(/^(\w*)/)
    if (tag && tag !== this.tag) return false
    for (const [, name] of step.matchAll(/\.([\w-]+)/g)) if (!this.classList.contains(name)) return false
    for (const [, name, value] of step.matchAll(/\[([\w-]+)(?:=["']?([^\]"']*)["']?)?\]/g)) {
      const held = this.held(name)
      if (held === null || (value !== undefined && held !== value)) return false
    }
    return !step.includes(':')
  }
  held(name) {
    if (name === 'tabindex') return String(this.tabIndex)
    if (name.startsWith('data-')) return this.dataset[name.slice(5)] ?? null
    return this.getAttribute(name)
  }
  querySelectorAll(selector) {
    return this.children.flatMap((one) => [...(one.matches(selector) ? [one] : []), ...one.querySelectorAll(selector)])
  }
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null
  }
  closest(selector) {
    return this.matches(selector) ? this : (this.parent?.closest(selector) ?? null)
  }

  // events

  addEventListener(kind, act) {
    this.listeners[kind] = [...(this.listeners[kind] ?? []), act]
  }
  focus() {
    globalThis.document.activeElement = this
  }
  click() {
    this.send('click')
  }
  // Let an event rise from here, as a browser does.
  send(kind, values = {}) {
    const event = { type: kind, target: this, key: '', preventDefault() {}, composedPath: () => [this], ...values }
    let risen = true
    event.stopPropagation = () => (risen = false)
    for (let at = this; at && risen; at = at.parent) {
      at[`on${kind}`]?.(event)
      for (const act of at.listeners[kind] ?? []) act(event)
    }
    return event
  }
  getBoundingClientRect() {
    return { top: 0, left: 0, bottom: this.clientHeight, right: this.clientWidth }
  }

  // a dialog

  showModal() {
    this.open = true
  }
  close() {
    this.open = false
    this.onclose?.()
  }
}

// Begin an empty document; what a script finds by these names in a browser it finds here too.
export function begin() {
  const body = new Element('body')
  const document = Object.assign(new Element('#document'), { body, activeElement: body })
  document.createElement = (tag) => new Element(tag)
  document.removeEventListener = () => {}
  Object.assign(globalThis, { document, Image: class extends Element {} })
}

// Return a widget's root with its first html: a list of [tag, class, parent's class].
export function root(...parts) {
  const parent = new Element('div')
  for (const [tag, className] of parts) parent.append(Object.assign(new Element(tag), { className }))
  return parent
}
