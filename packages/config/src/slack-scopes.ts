/** What the bot needs: it posts messages and edits its own, in channels that it was invited to. docs/slack-app-manifest.yaml asks for no more. */
export const slackScopes = ['chat:write'] as const;
