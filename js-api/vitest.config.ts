import { defineConfig } from 'vitest/config';

// `unit` needs nothing built; `dist` looks at the built files and runs after `npm run build`.
export default defineConfig({
  define: { __VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'test/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'dist', include: ['test/dist/*.test.ts'], testTimeout: 60_000 },
      },
    ],
  },
});
