import assert from 'node:assert/strict'
import { test } from 'node:test'

import mark from '../../../pages/components/language_mark/language_mark.js'

test('the document says the language of the session, and another when that changes', () => {
  globalThis.document = { documentElement: { lang: 'en' } }
  for (const language of ['de', 'fr']) {
    mark({ data: [{ language }] })
    assert.equal(document.documentElement.lang, language)
  }
})
