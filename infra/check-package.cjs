'use strict';

const { checkPackage } = require('./check-package.ts');

// A plugin of osls: what does not load is neither packaged nor deployed.
module.exports = function CheckPackage(_serverless, _options, { log }) {
  return { hooks: { 'after:package:finalize': () => checkPackage((line) => log.notice(line)) } };
};
