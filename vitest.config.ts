import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{events,test}/**/*.test.ts', '{packages,services,sandbox}/*/src/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
  },
});
