/** Modals and Home tabs: a stack of at most three modals a person, replaced and closed as Slack does, guarded by `hash`. */
import { checkView, type ViewDefinition } from './block-kit.ts';
import type { SlackView } from './control.ts';
import { stateOf } from './form-values.ts';
import { SlackError } from './slack-error.ts';
import type { World } from './world.ts';

const stackMax = 3;
const viewBytesMax = 250_000;

const newHash = (world: World) => `${Math.floor(world.nowMs() / 1_000)}.${world.nextId('h')}`;

/** Throws `view_too_large`, or `invalid_arguments` with a pointer for every problem. */
export function parseView(world: World, view: unknown, type: 'modal' | 'home'): ViewDefinition {
  if (Buffer.byteLength(JSON.stringify(view) ?? '') > viewBytesMax) throw new SlackError('view_too_large');
  const checked = checkView(view, type, () => world.nextId('b'));
  if (!checked.ok) throw new SlackError('invalid_arguments', checked.errors);
  return checked.value;
}

export const stackOf = (world: World, user: string): SlackView[] =>
  world.data.views.filter((view) => view.user === user);

export const findView = (world: World, id: string): SlackView | undefined =>
  world.data.views.find((view) => view.id === id) ??
  Object.values(world.data.homes).find((view) => view.id === id);

const checkExternalId = (world: World, definition: ViewDefinition, except?: SlackView) => {
  if (definition.externalId === '') return;
  const taken = [...world.data.views, ...Object.values(world.data.homes)].some(
    (view) => view !== except && view.externalId === definition.externalId,
  );
  if (taken) throw new SlackError('duplicate_external_id');
};

const create = (world: World, user: string, definition: ViewDefinition, below?: SlackView): SlackView => {
  const id = world.nextId('V');
  return {
    ...definition,
    id,
    user,
    hash: newHash(world),
    rootViewId: below?.rootViewId ?? id,
    ...(below === undefined ? {} : { previousViewId: below.id }),
    values: stateOf(definition.blocks),
    errors: {},
    atMs: world.nowMs(),
  };
};

/** Opens a new stack; a modal that was open gives way to it. */
export function openView(world: World, user: string, definition: ViewDefinition): SlackView {
  world.data.views = world.data.views.filter((view) => view.user !== user);
  checkExternalId(world, definition);
  const view = create(world, user, definition);
  world.data.views.push(view);
  world.changed();
  return view;
}

/** Throws `push_limit_reached` on a fourth, `not_found` where no modal is open to push on. */
export function pushView(world: World, user: string, definition: ViewDefinition): SlackView {
  const stack = stackOf(world, user);
  const top = stack.at(-1);
  if (top === undefined) throw new SlackError('not_found');
  if (stack.length >= stackMax) throw new SlackError('push_limit_reached');
  checkExternalId(world, definition);
  const view = create(world, user, definition, top);
  world.data.views.push(view);
  world.changed();
  return view;
}

/** What was typed stays where `block_id`, `action_id` and element type are the same. Throws `hash_conflict`. */
export function replaceView(world: World, view: SlackView, definition: ViewDefinition, hash?: string): void {
  if (hash !== undefined && hash !== view.hash) throw new SlackError('hash_conflict');
  checkExternalId(world, definition, view);
  const values = stateOf(definition.blocks, view.values);
  delete view.submitLabel;
  delete view.closeLabel;
  Object.assign(view, definition, { values, errors: {}, hash: newHash(world) });
  world.changed();
}

export function publishHome(
  world: World,
  user: string,
  definition: ViewDefinition,
  hash?: string,
): SlackView {
  const existing = world.data.homes[user];
  if (existing !== undefined) {
    replaceView(world, existing, definition, hash);
    return existing;
  }
  if (hash !== undefined && hash !== '') throw new SlackError('hash_conflict');
  checkExternalId(world, definition);
  const view = create(world, user, definition);
  world.data.homes[user] = view;
  world.changed();
  return view;
}

export function removeViews(world: World, ids: string[]): void {
  world.data.views = world.data.views.filter((view) => !ids.includes(view.id));
  world.changed();
}
