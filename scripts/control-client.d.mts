export function readCard(message: {
  readonly ts: string;
  readonly blocks: readonly object[];
  readonly metadata: { readonly event_payload: { readonly promotion_id: string } };
}): { readonly id: string; readonly phase: string | undefined };
