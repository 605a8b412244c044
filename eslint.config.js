// Static checks of everything in JavaScript and TypeScript; the layout is Prettier's.
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
  {
    ignores: [
      'js-api/dist/',
      'web/dist/',
      '**/node_modules/',
      'build/',
      '**/test-results/',
      '**/playwright-report/',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // What ships to browsers: logging goes through the SDK's logger, and no promise is left alone.
    files: ['js-api/src/**/*.ts', 'web/src/**/*.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-console': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  { files: ['**/*.mjs', '**/*.js', 'tests/**/*.ts'], languageOptions: { globals: globals.node } },
  {
    files: ['tests/**', 'web/**/*.js', 'js-api/**/*.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    // A fake of a browser's class is often an empty one.
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
  prettier,
);
