import { MisconfiguredError, RetryableError, TerminalError } from '../../../flows/errors.ts';
import type { Observation, StepContext, Target } from '../../../flows/ports.ts';
import type { Definition } from '../../../flows/promotion/plan.ts';
import { analyzeSite, type SiteDeps } from './analyze.ts';
import { CloudFrontBlueGreen, StepSettings, type SwitchSettings } from './config.ts';
import { actInvalidation, observeInvalidation } from './invalidate.ts';
import { observeSettle } from './settle.ts';
import { replacedIn, wayBackGone } from './still-there.ts';
import { actSwitch, observeSwitch } from './switch.ts';
import { validateSite } from './validate.ts';

/** The target for a static site with two colours under one CloudFront distribution; see readme.md. */
export function createCloudFrontBlueGreen(deps: SiteDeps): Target {
  const { clients } = deps;
  return {
    analyze: async (request) => analyzeSite(deps, settingsOf(request.definition), request),
    validate: async (definition, analysis) => validateSite(deps, settingsOf(definition), analysis),
    observe: async (definition, context) => {
      const settings = stepSettingsOf(context);
      switch (settings.action) {
        case 'switch':
          return observeWithContent(deps, settingsOf(definition), settings, context);
        case 'settle':
          return observeSettle(clients, settings, context);
        case 'invalidate':
          return observeInvalidation(clients, settings, context);
      }
    },
    act: async (_definition, context) => {
      const settings = stepSettingsOf(context);
      switch (settings.action) {
        case 'switch':
          return actSwitch(clients, settings, context);
        case 'invalidate':
          return actInvalidation(clients, settings, context);
        case 'settle':
          throw new TerminalError('site.nothing-to-do', 'Settling waits; it does nothing itself.');
      }
    },
  };
}

/**
 * Where the switch stands; once it was done, also whether the live colour holds what was approved. Not before: a
 * preview that does not answer must not hold up a change that has begun.
 */
async function observeWithContent(
  deps: SiteDeps,
  site: CloudFrontBlueGreen,
  settings: SwitchSettings,
  context: StepContext,
): Promise<Observation> {
  const [seen, replaced] = await Promise.all([
    observeSwitch(deps.clients, settings, context, () => wayBackGone(deps, site, settings)),
    context.direction === 'forward' && context.seenDone ? replacedIn(deps, site, settings) : null,
  ]);
  if (seen.outcome !== 'done' || replaced === null) return seen;
  if (replaced instanceof RetryableError) throw replaced;
  return { outcome: 'foreign', text: replaced };
}

function settingsOf(definition: Definition): CloudFrontBlueGreen {
  const parsed = CloudFrontBlueGreen.safeParse(definition.target.settings);
  if (parsed.success) return parsed.data;
  throw new MisconfiguredError('target.settings-invalid', "The target's settings cannot be read.", {
    data: { problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) },
  });
}

function stepSettingsOf({ step }: StepContext): StepSettings {
  const parsed = StepSettings.safeParse(step.settings);
  if (parsed.success) return parsed.data;
  throw new TerminalError('target.step-unreadable', `Step ${step.id} was not written by this target.`, {
    data: { problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) },
  });
}
