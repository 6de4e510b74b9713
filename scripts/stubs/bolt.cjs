// What the Slack-facing function uses of Bolt. Its own entry loads every receiver, Express and the OAuth pages with it.
exports.App = require('@slack/bolt/dist/App').default;
exports.LogLevel = require('@slack/logger').LogLevel;
