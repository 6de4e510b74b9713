import { stringify } from 'yaml';
import { type CliAnswer, complete, usageError } from './answer.ts';
import { parseOptions } from './options.ts';

export const manifestUsage = `countersign manifest --url https://HOST [--name NAME] [--format json|yaml]
countersign manifest --socket [--name NAME] [--format json|yaml]
  Prints the manifest to paste at api.slack.com/apps, Create New App, From a manifest.
  --url      where the bot is reached from outside; Slack sends everything to URL/slack/events
  --socket   for a developer's own app: Socket Mode, no address, commands ending in -dev
  --name     as people see it; Countersign unless told (35 characters at most)
  --format   json unless told`;

const commandPath = '/slack/events';
/** Slack's limit on an app's name. */
const nameLimit = 35;

/** `countersign manifest`. */
export function runManifest(args: readonly string[]): CliAnswer {
  const parsed = parseOptions(args, { values: ['url', 'name', 'format'], flags: ['socket'], words: 0 });
  if (parsed.outcome === 'wrong') return usageError(parsed.message, manifestUsage);
  const { url, name, format = 'json' } = parsed.values;
  const isSocket = parsed.flags.has('socket');
  if (isSocket === (url !== undefined)) {
    return usageError(
      isSocket
        ? 'With --socket Slack needs no address; leave out --url.'
        : 'Say where the bot is reached: --url https://HOST, or --socket for a developer’s own app.',
      manifestUsage,
    );
  }
  if (format !== 'json' && format !== 'yaml') {
    return usageError(`--format is json or yaml, not ${JSON.stringify(format)}.`, manifestUsage);
  }
  const named = name ?? (isSocket ? 'Countersign (dev)' : 'Countersign');
  if (named.trim() === '' || [...named].length > nameLimit) {
    return usageError(`--name must have 1 to ${nameLimit} characters.`, manifestUsage);
  }
  const requestUrl = url === undefined ? null : requestUrlOf(url);
  if (requestUrl !== null && requestUrl.outcome === 'wrong') {
    return usageError(requestUrl.message, manifestUsage);
  }
  const manifest = slackManifest({ name: named, requestUrl: requestUrl?.requestUrl ?? null });
  return complete(format === 'yaml' ? stringify(manifest) : `${JSON.stringify(manifest, null, 2)}\n`);
}

type UrlAnswer =
  | { readonly outcome: 'parsed'; readonly requestUrl: string }
  | { readonly outcome: 'wrong'; readonly message: string };

function requestUrlOf(text: string): UrlAnswer {
  const wrong = (message: string): UrlAnswer => ({ outcome: 'wrong', message });
  if (!URL.canParse(text)) return wrong('--url must be an address such as https://countersign.example.com.');
  const url = new URL(text);
  const isLocal = url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !isLocal) {
    return wrong('--url must begin with https://; Slack sends to nothing else (http:// only for 127.0.0.1).');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return wrong('--url must be a bare address, without user name, query or fragment.');
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return {
    outcome: 'parsed',
    requestUrl: base.endsWith(commandPath) ? base : base + commandPath,
  };
}

export interface ManifestOptions {
  readonly name: string;
  /** Null for Socket Mode, where Slack ignores addresses. */
  readonly requestUrl: string | null;
}

/**
 * The app as Slack is to make it, with the least set of scopes. Two apps of one workspace that own the same command
 * collide, so a developer's commands have names of their own. Source: Slack, "App manifest reference", version 1.
 */
export function slackManifest({ name, requestUrl }: ManifestOptions) {
  const isSocket = requestUrl === null;
  const suffix = isSocket ? '-dev' : '';
  const address = isSocket ? {} : { url: requestUrl };
  return {
    _metadata: { major_version: 1, minor_version: 1 },
    display_information: {
      name,
      description: 'Promotes releases to production after two people countersigned, and takes them back',
      background_color: '#1d3a5f',
    },
    features: {
      bot_user: { display_name: name, always_online: true },
      // Without the messages tab Slack refuses direct messages to people.
      app_home: {
        home_tab_enabled: true,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: true,
      },
      slash_commands: [
        {
          command: `/promote${suffix}`,
          ...address,
          description: 'Promote a release to an environment',
          usage_hint: '[app] [version] [environment] | plan | status | help',
          should_escape: true,
        },
        {
          command: `/rollback${suffix}`,
          ...address,
          description: 'Take an environment back to an earlier release',
          usage_hint: '[app] [environment] [version] | plan | help',
          should_escape: true,
        },
      ],
      shortcuts: [
        {
          name: 'Promote a release',
          type: 'global',
          callback_id: 'promote_shortcut',
          description: 'Open the promotion form',
        },
      ],
    },
    oauth_config: {
      scopes: {
        bot: ['commands', 'chat:write', 'users:read', 'usergroups:read'],
      },
    },
    settings: {
      event_subscriptions: {
        ...(isSocket ? {} : { request_url: requestUrl }),
        bot_events: ['app_home_opened', 'app_uninstalled', 'tokens_revoked'],
      },
      interactivity: {
        is_enabled: true,
        ...(isSocket ? {} : { request_url: requestUrl, message_menu_options_url: requestUrl }),
      },
      org_deploy_enabled: false,
      socket_mode_enabled: isSocket,
      // Rotation cannot be switched off again and needs a single writer of the tokens.
      token_rotation_enabled: false,
      is_hosted: false,
      function_runtime: 'remote',
    },
  };
}
