// The one version of agent and hub. Equal to package.json's, which test/tidy.test.ts holds: a bundled binary has no
// package.json to read.
export const VERSION = '0.1.0';
