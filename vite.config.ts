import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The try-it-out workspace's page: static files, served by the workspace itself under a strict CSP. */
export default defineConfig({
  root: 'workspace/page',
  plugins: [react()],
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
});
