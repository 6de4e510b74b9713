/** `views.*`: modals opened with a trigger, updated by id, and Home tabs. */
import type { Arguments } from './arguments.ts';
import type { Method } from './chat-methods.ts';
import type { SlackView } from './control.ts';
import { viewInPayload } from './payloads.ts';
import { team } from './people.ts';
import { SlackError } from './slack-error.ts';
import type { Trigger, Triggers } from './triggers.ts';
import { findView, openView, parseView, publishHome, pushView, replaceView } from './views.ts';
import type { World } from './world.ts';

export function createViewMethods(
  world: World,
  triggers: Triggers,
  opened: (trigger: Trigger, view: SlackView) => void,
): Record<string, Method> {
  const answer = (view: SlackView) => ({ view: viewInPayload(view) });

  const exchange = (args: Arguments): Trigger => {
    if (!args.has('trigger_id'))
      throw new SlackError('invalid_arguments', ['[ERROR] missing required field: trigger_id']);
    return triggers.exchange(args.text('trigger_id'));
  };

  const viewArgument = (args: Arguments) => args.object('view', 'invalid_arguments');

  return {
    'views.open'(args) {
      const definition = parseView(world, viewArgument(args), 'modal');
      const trigger = exchange(args);
      const view = openView(world, trigger.user, definition);
      opened(trigger, view);
      return answer(view);
    },

    'views.push'(args) {
      const definition = parseView(world, viewArgument(args), 'modal');
      const trigger = exchange(args);
      if (trigger.viewId === undefined) throw new SlackError('not_found');
      const view = pushView(world, trigger.user, definition);
      opened(trigger, view);
      return answer(view);
    },

    'views.update'(args) {
      const externalId = args.text('external_id');
      const view = args.has('view_id')
        ? findView(world, args.text('view_id'))
        : [...world.data.views, ...Object.values(world.data.homes)].find(
            (candidate) => externalId !== '' && candidate.externalId === externalId,
          );
      if (view === undefined) throw new SlackError('not_found');
      const definition = parseView(world, viewArgument(args), view.type);
      replaceView(world, view, definition, args.has('hash') ? args.text('hash') : undefined);
      return answer(view);
    },

    'views.publish'(args) {
      const person = world.person(args.text('user_id'));
      if (person === undefined || person.teamId !== team.id || person.kind === 'bot')
        throw new SlackError('invalid_arguments', ['[ERROR] invalid user_id [json-pointer:/user_id]']);
      const definition = parseView(world, viewArgument(args), 'home');
      const hash = args.has('hash') ? args.text('hash') : undefined;
      return answer(publishHome(world, person.id, definition, hash));
    },
  };
}
