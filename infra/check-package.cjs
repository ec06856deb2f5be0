'use strict';

const { resolve } = require('node:path');

const { checkPackage } = require('./check-package.ts');

// A plugin of osls: what does not load is neither packaged nor deployed.
module.exports = function CheckPackage(serverless, options, { log }) {
  const folder = resolve(serverless.serviceDir, options.package ?? '.serverless');
  return { hooks: { 'after:package:finalize': () => checkPackage(folder, (line) => log.notice(line)) } };
};
