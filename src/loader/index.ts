export { snippet, tag } from './snippet.js';
export type { SnippetOptions } from './snippet.js';
