import { defineConfig } from 'vite';

// Templates as text, so that the example is one file and needs no other plugin.
export default defineConfig({
  resolve: { alias: { vue: 'vue/dist/vue.esm-bundler.js' }, dedupe: ['vue'] },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
});
