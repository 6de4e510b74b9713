import { createContext, useContext, useState } from 'react';
import { post } from '../api.ts';

type Complain = (text: string) => void;
const ComplainContext = createContext<Complain>(() => undefined);
export const ComplainProvider = ComplainContext.Provider;

/** A button that does one thing to the world and says so when it could not. */
export function Do(props: {
  area: string;
  name: string;
  body?: object;
  label: string;
  testId: string;
  title?: string;
  tone?: 'break' | 'mend' | 'plain';
  pressed?: boolean;
  disabled?: boolean;
}) {
  const { area, name, body = {}, label, testId, title, tone = 'plain', pressed, disabled = false } = props;
  const complain = useContext(ComplainContext);
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await post(area, name, body);
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className={`do do-${tone}`}
      title={title}
      aria-pressed={pressed}
      aria-busy={isBusy}
      disabled={disabled || isBusy}
      data-testid={testId}
      onClick={() => void act()}
    >
      {label}
    </button>
  );
}
