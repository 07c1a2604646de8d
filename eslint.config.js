// The widgets' scripts run in a browser and are joined into one module each (pages/components/register.py).
import js from '@eslint/js'
import globals from 'globals'

const MARKUP = 'A text that somebody typed must stay text: use element() of pages/components/dom.js.'

export default [
  { ignores: ['.venv*/', 'node_modules/', 'workspace/', 'shared/', 'engine/sharing/browser/onnxruntime.mjs', 'tests/support/onnxruntime/'] },
  js.configs.recommended,
  {
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      'no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
      'no-shadow': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-param-reassign': 'error',
      'max-lines': ['error', 400],
    },
  },
  {
    files: ['pages/**/*.js'],
    languageOptions: { globals: globals.browser },
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "AssignmentExpression > MemberExpression.left[property.name=/^(inner|outer)HTML$/]", message: MARKUP },
        { selector: "CallExpression[callee.property.name=/^(insertAdjacentHTML|write|setHTMLUnsafe)$/]", message: MARKUP },
        { selector: 'ExportAllDeclaration', message: 'register.py joins files by `import { … }` only.' },
        { selector: 'ImportDefaultSpecifier', message: 'register.py joins files by `import { … }` only.' },
        { selector: 'ImportNamespaceSpecifier', message: 'register.py joins files by `import { … }` only.' },
      ],
    },
  },
  { files: ['tests/**/*.js', '*.js'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
]
