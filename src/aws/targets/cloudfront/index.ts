import { MisconfiguredError, TerminalError } from '../../../flows/errors.ts';
import type { StepContext, Target } from '../../../flows/ports.ts';
import type { Definition } from '../../../flows/promotion/plan.ts';
import { analyzeSite, type SiteDeps } from './analyze.ts';
import { CloudFrontBlueGreen, StepSettings } from './config.ts';
import { actInvalidation, observeInvalidation } from './invalidate.ts';
import { observeSettle } from './settle.ts';
import { wayBackGone } from './still-there.ts';
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
          return observeSwitch(clients, settings, context, () =>
            wayBackGone(deps, settingsOf(definition), settings),
          );
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
