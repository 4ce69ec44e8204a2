// Builds the portal into `dist`: hashed files, nothing inline, nothing fetched
// from elsewhere, so that the hub can serve it under its strict policy.

import { fileURLToPath } from 'node:url';
import optimizeLocales from '@react-aria/optimize-locales-plugin';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
    plugins: [react(), optimizeLocales.vite({ locales: ['sv-SE', 'en-GB', 'en-US'] })],
    resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
    build: {
        target: 'es2022',
        // A data: address for a font would need a wider policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 700,
        reportCompressedSize: false,
    },
    server: {
        // Where the hub that answers the portal listens.
        proxy: process.env.BILDBRO_HUB ? { '/api': process.env.BILDBRO_HUB } : undefined,
    },
    test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
});
