import type { InputBlock, ModalView, PlainTextElement } from '@slack/types';
import type { Catalog } from '../../flows/desk.ts';
import type { Anchor } from './anchor.ts';
import { section } from './block.ts';
import { plain } from './text.ts';

export const formIds = {
  promote: 'cs:form-promote',
  rollBack: 'cs:form-roll-back',
  reject: 'cs:form-reject',
  resolve: 'cs:form-resolve',
} as const;

export const inputIds = { where: 'where', version: 'version', reason: 'reason', value: 'value' } as const;

const words = (text: string, limit = 75): PlainTextElement => ({
  type: 'plain_text',
  text: plain(text, limit),
  emoji: false,
});

export interface KnownArguments {
  readonly app: string | null;
  readonly environment: string | null;
  readonly version: string | null;
  readonly reason: string | null;
}

/** A view may have 250,000 bytes (Slack, views.open, view_too_large); a choice takes up to about 100 of them. */
const mostChoices = 2_000;

/** One choice of where: names have no spaces, so the two are told apart again by one. */
const whereValue = (app: string, environment: string) => `${app} ${environment}`;

/** Undefined while no environment is configured, since Slack refuses a form without choices. */
export function requestForm(
  does: 'promotion' | 'rollback',
  catalog: Catalog,
  known: KnownArguments,
): ModalView | undefined {
  const mostOfEach = Math.min(100, Math.floor(mostChoices / Math.min(100, catalog.apps.length)));
  const groups = catalog.apps
    .slice(0, 100)
    .map(({ app, environments }) => ({
      label: words(app),
      options: environments
        .filter((environment) => whereValue(app, environment).length <= 75)
        .slice(0, mostOfEach)
        .map((environment) => ({
          text: words(`${app} · ${environment}`),
          value: whereValue(app, environment),
        })),
    }))
    .filter(({ options }) => options.length > 0);
  if (groups.length === 0) return undefined;
  const environment =
    known.environment ?? (known.app === null ? undefined : catalog.defaultEnvironment(known.app));
  const wanted =
    known.app === null || environment === undefined ? undefined : whereValue(known.app, environment);
  const chosen = groups.flatMap(({ options }) => options).find(({ value }) => value === wanted);
  const forward = does === 'promotion';
  return {
    type: 'modal',
    callback_id: forward ? formIds.promote : formIds.rollBack,
    title: words(forward ? 'Ask for a promotion' : 'Ask for a rollback', 24),
    submit: words(forward ? 'Ask' : 'Roll Back', 24),
    close: words('Close', 24),
    blocks: [
      {
        type: 'input',
        block_id: inputIds.where,
        label: words('App and environment'),
        element: {
          type: 'static_select',
          action_id: inputIds.value,
          option_groups: groups,
          ...(chosen === undefined ? { placeholder: words('Choose one') } : { initial_option: chosen }),
        },
      },
      {
        type: 'input',
        block_id: inputIds.version,
        label: words('Version'),
        hint: words(forward ? 'As it is tagged, like v1.4.2' : 'Leave it empty for the release before', 150),
        optional: !forward,
        element: {
          type: 'plain_text_input',
          action_id: inputIds.value,
          max_length: 100,
          ...(known.version === null ? {} : { initial_value: known.version }),
        },
      },
      reasonInput('Reason', true, known.reason),
    ],
  };
}

function reasonInput(label: string, optional: boolean, known: string | null = null): InputBlock {
  return {
    type: 'input',
    block_id: inputIds.reason,
    label: words(label),
    optional,
    element: {
      type: 'plain_text_input',
      action_id: inputIds.value,
      multiline: true,
      max_length: 500,
      ...(known === null ? {} : { initial_value: known }),
    },
  };
}

/** Asks why, for a decision that others will want to understand. Ids only travel with it. */
export function reasonForm(does: 'reject' | 'resolve', anchor: Anchor): ModalView {
  const rejecting = does === 'reject';
  return {
    type: 'modal',
    callback_id: rejecting ? formIds.reject : formIds.resolve,
    private_metadata: JSON.stringify(anchor),
    title: words(rejecting ? 'Reject' : 'Close by hand', 24),
    submit: words(rejecting ? 'Reject' : 'It Is Mended', 24),
    close: words('Close', 24),
    blocks: [
      section(
        rejecting
          ? 'The promotion ends, and the requester sees your reason.'
          : 'Say so only once you have seen production right yourself. A second person has to say so too; then the environment is free again.',
      ),
      reasonInput(rejecting ? 'Why' : 'What was done, and what production shows now', false),
    ],
  };
}

/** What a form turns into once it was taken; it needs no further call. */
export function resultView(title: string, text: readonly string[]): ModalView {
  return { type: 'modal', title: words(title, 24), close: words('Close', 24), blocks: [section(text)] };
}
