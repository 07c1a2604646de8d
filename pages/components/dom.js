// The pieces of a page that every widget needs. A text is set as text, never as markup.

export function element(tag, className = '', content = '') {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (content !== '') made.textContent = content
  return made
}

// A template's {names} become values; what has no value stays as it is.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values?.[name] ?? whole)
}
