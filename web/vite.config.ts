import { defineConfig } from 'vite';

// During `vite` (development) the gateway answers for everything that is not the demo's own.
const gateway = process.env.FERRY_ORIGIN ?? 'https://127.0.0.1:8443';
const proxied = { target: gateway, secure: false, changeOrigin: true };

export default defineConfig({
  // Relative addresses: the demo may be served under any path.
  base: './',
  build: {
    target: 'es2022',
    // The content security policy allows no inline script; what is preloaded is few files.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      // The SDK is not bundled: the page loads the files that the gateway serves to every customer.
      external: ['ferry-rtc'],
      output: { paths: { 'ferry-rtc': '../sdk/trtc.esm.js' } },
    },
  },
  server: {
    proxy: { '/sdk': proxied, '/demo': proxied, '/rtc': { ...proxied, ws: true } },
  },
  test: { include: ['src/**/*.test.ts'] },
});
