export const CHROMIUM_ARGUMENTS: string[];
export function findBrowser(name: 'chromium'): string | undefined;
export function provideBrowser(name: 'chromium'): string | undefined;
export function howToInstall(name: 'chromium'): string;
