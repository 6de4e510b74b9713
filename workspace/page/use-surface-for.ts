import { useCallback, useMemo, useState } from 'react';
import type { ClickInput, DeliveryResult, InputValue, InputValues } from '../slack/control.ts';
import { post } from './api.ts';
import type { Press, Surface } from './blocks/surface.tsx';

type Place = { messageTs: string; channel: string } | { viewId: string } | { ephemeralId: string };

/** A surface that clicks through the Slack stand-in as `user`; `complain` shows what went wrong. */
export function useSurfaceFor(input: {
  id: string;
  user: string;
  place: Place;
  errors?: Record<string, string>;
  complain: (text: string) => void;
}): Surface {
  const { id, user, complain } = input;
  const [values, setValues] = useState<InputValues>({});
  const placeKey = JSON.stringify(input.place);
  const errorsKey = JSON.stringify(input.errors ?? {});

  const setValue = useCallback((blockId: string, actionId: string, value: InputValue) => {
    setValues((held) => ({ ...held, [blockId]: { ...held[blockId], [actionId]: value } }));
  }, []);

  return useMemo<Surface>(() => {
    const place = JSON.parse(placeKey) as Place;
    const click = (press: Press, isStale: boolean) => {
      const body: ClickInput = {
        user,
        ...place,
        blockId: press.blockId,
        actionId: press.actionId,
        ...(press.value === undefined ? {} : { value: press.value }),
        ...(Object.keys(values).length === 0 ? {} : { state: values }),
        ...(isStale && press.button !== undefined
          ? { stale: { blockId: press.blockId, actionId: press.actionId, ...press.button } }
          : {}),
      };
      return post<DeliveryResult>('slack', 'click', body);
    };
    return {
      id,
      values,
      setValue,
      errors: JSON.parse(errorsKey) as Record<string, string>,
      async press(press) {
        try {
          let result = await click(press, false);
          // The message was redrawn between looking and clicking: Slack sends what the person saw.
          if (result.outcome === 'refused' && press.button !== undefined && 'messageTs' in place) {
            result = await click(press, true);
          }
          if (result.outcome === 'refused' && result.error !== undefined) complain(result.error);
        } catch (error) {
          complain(error instanceof Error ? error.message : String(error));
        }
      },
      async suggest({ blockId, actionId, typed }) {
        const result = await post<{ options: { text: string; value: string }[] }>('slack', 'suggest', {
          user,
          ...place,
          blockId,
          actionId,
          typed,
        });
        return result.options;
      },
    };
  }, [id, user, placeKey, errorsKey, values, setValue, complain]);
}
