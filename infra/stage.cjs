'use strict';

// osls takes variables from CommonJS alone: this is the door to stage.ts. What is wrong with a configuration stands in the message; osls would
// print where it was noticed.
const { stage } = require('./stage.ts');

module.exports = (call) => {
  try {
    return stage(call);
  } catch (error) {
    error.stack = error.message;
    throw error;
  }
};
