/** The lessons' own tests: `npm test -- --root docs/lessons`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { testTimeout: 30_000 } });
