/**
 * What is searched. `small` runs in CI, `full` with the small ones in `npm run prove -- --all`. A mistake leaves one rule of the
 * protocol out (`-DM_...`) and has to be found; `argued` says why one cannot be.
 */

const promotion = 'promotion';
const handover = 'handover';
const hold = 'hold';
const card = 'card';

const small = (model, switches, about) => ({ model, switches, about, size: 'small', property: 'safety' });
const full = (model, switches, about) => ({ ...small(model, switches, about), size: 'full' });
const live = (of, property = 'LIVE') => ({ ...of, property });

export const searches = [
  small(promotion, ['WORKERS=1', 'THIRD'], 'approval by any two of three, from the first click on'),
  small(promotion, ['APPROVED', 'WORKERS=2'], 'two workers from the last approval on'),
  small(
    promotion,
    ['APPROVED', 'WORKERS=1', 'BUMP', 'FOREIGN', 'UNDO', 'REFUSALS=1', 'STALE=1'],
    'everything that others do to the target, and answers that are old',
  ),
  live(
    small(
      promotion,
      ['APPROVED', 'WORKERS=1', 'BUMP', 'FOREIGN', 'REFUSALS=1'],
      'what was claimed comes to an end',
    ),
  ),
  live(small(promotion, ['WORKERS=1'], 'what people asked for is settled'), 'LIVE_PEOPLE'),
  full(promotion, ['WORKERS=2'], 'two workers from the first click on'),
  full(promotion, ['WORKERS=2', 'THIRD'], 'the same, with three who may approve'),
  full(promotion, ['APPROVED', 'WORKERS=2', 'BUMP', 'FOREIGN'], 'two workers, a moving ETag, somebody else'),
  full(promotion, ['APPROVED', 'WORKERS=2', 'CRASHES=2', 'LOSSES=2', 'RETRIES=2'], 'twice as many faults'),
  full(promotion, ['APPROVED', 'WORKERS=2', 'UNDO', 'REFUSALS=1'], 'taken back by hand, refused for good'),
  full(promotion, ['APPROVED', 'WORKERS=2', 'STALE=1', 'BUMP'], 'two workers that read old answers'),
  live(full(promotion, ['APPROVED', 'WORKERS=2'], 'what was claimed comes to an end, two workers')),
  live(full(promotion, ['WORKERS=1', 'BUMP', 'REFUSALS=1'], 'the same from the first click on')),

  small(handover, [], 'a promotion, a rollback over it, the next promotion'),
  small(handover, ['UNLOCK'], 'the row cannot be read and two people free the lock'),
  small(handover, ['UNFENCED'], 'on a target without compare-and-set'),
  live(small(handover, ['UNLOCK'], 'whoever holds a changed production comes to an end')),
  full(handover, ['SLEEPER'], 'a second worker of the promotion that slept through it'),
  full(handover, ['SLEEPER', 'UNLOCK'], 'the sleeper and the unlock'),
  full(handover, ['TWO_ROLLBACKS'], 'two rollbacks at once, to different releases'),
  full(handover, ['UNFENCED', 'SLEEPER'], 'the sleeper on a target without compare-and-set'),
  full(handover, ['UNFENCED', 'UNLOCK'], 'the unlock on a target without compare-and-set'),
  live(full(handover, ['SLEEPER'], 'whoever holds a changed production comes to an end, with the sleeper')),

  small(hold, ['WORKERS=1', 'LIFE=10'], 'the real proportions of time, one worker'),
  small(hold, [], 'two workers, a shorter life of requests'),
  live(small(hold, ['WORKERS=1'], 'the hold ends')),
  full(hold, ['LIFE=10'], 'the real proportions of time, two workers'),
  live(full(hold, ['WORKERS=1', 'LIFE=10'], 'the hold ends, in the real proportions')),

  small(card, ['REVISIONS=2'], 'two senders, an ambiguous answer, a crash'),
  small(card, ['REVISIONS=2', 'DELETED'], 'somebody deletes the card'),
  small(card, ['REVISIONS=2', 'SLEEPER', 'UNKNOWNS=0'], "a sender that slept past its claim's time"),
  live(small(card, ['REVISIONS=2', 'DELETED', 'UNKNOWNS=0'], 'the last state is shown and stays')),
  full(card, ['REVISIONS=3'], 'three saves'),
  full(card, ['REVISIONS=3', 'DELETED'], 'three saves and a deleted card'),
  full(card, ['REVISIONS=2', 'UNKNOWNS=2', 'CRASHES=2'], 'two ambiguous answers and two crashes'),
  small(card, ['REVISIONS=2', 'NOROOM=1'], 'a claim that finds no room in the budget'),
  full(
    card,
    ['REVISIONS=2', 'NOROOM=1', 'SLEEPER', 'UNKNOWNS=0'],
    'the sleeper finds no room and gives its claim back',
  ),
  full(card, ['REVISIONS=2', 'SLEEPER'], 'the sleeper and an ambiguous answer'),
  live(full(card, ['REVISIONS=2'], 'the last state is shown and stays, with an ambiguous answer')),
];

const mistake = (model, name, switches, about, argued = null) => ({
  model,
  switches: [...switches, `M_${name}`],
  about,
  argued,
  size: 'small',
  property: 'safety',
});
const one = ['APPROVED', 'WORKERS=1'];
const clicks = ['WORKERS=1'];

export const mistakes = [
  mistake(promotion, 'NO_CAS', one, 'a save that does not ask for the revision it was decided on'),
  mistake(promotion, 'ACT_FIRST', one, 'the call before its claim is saved'),
  mistake(promotion, 'REFRESH_ETAG', one, 'the ETag read again at the moment of the call'),
  mistake(promotion, 'NO_OP_ROLLBACK', one, 'a rollback that finds the old release there and does not write'),
  mistake(
    promotion,
    'BACK_DONE_BY_LOOKS',
    one,
    'a rollback that is done when it looks done, without its own mark',
  ),
  mistake(
    promotion,
    'DONE_BY_LOOKS',
    [...one, 'UNDO'],
    "the candidate counts as ours without our claim's mark",
  ),
  mistake(
    promotion,
    'TAKE_UNDO_FOR_BUMP',
    [...one, 'UNDO'],
    'a switch that was taken back by hand is made once more',
  ),
  mistake(promotion, 'OVERWRITE_DRIFT', [...one, 'FOREIGN'], "somebody else's change is written over"),
  mistake(promotion, 'COUNT_CLICKS', clicks, 'approvals are counted instead of people'),
  mistake(promotion, 'SELF_APPROVE', clicks, 'the requester may approve'),
  mistake(promotion, 'IGNORE_DIGEST', clicks, 'a click counts whatever plan its screen showed'),
  mistake(
    promotion,
    'KEEP_CLAIMS',
    [...clicks, 'THIRD'],
    'claims that are not settled outlive a change of the plan',
  ),
  mistake(promotion, 'SKIP_GATE', one, 'the first claim without the gate'),
  mistake(promotion, 'OLD_GATE', one, 'the first claim with evidence of any age'),
  mistake(promotion, 'NO_EXPIRY', one, 'the first claim after the approvals expired'),
  mistake(promotion, 'CLAIM_DESPITE_CANCEL', one, 'the first claim while a wish to cancel is not settled'),
  mistake(promotion, 'BLIND_CANCEL', one, 'a cancellation saved without the revision it was decided on'),
  mistake(promotion, 'CLEAR_DIRTY', one, 'a failed step ends as if nothing was touched'),
  mistake(promotion, 'PAGE_ENDS', one, 'a rollback that failed ends with the page'),
  mistake(promotion, 'ONE_RESOLVES', one, 'one person closes a failed rollback'),
  mistake(promotion, 'RESOLVE_AT_ONCE', one, 'people close it while a request of ours is on its way'),
  mistake(
    promotion,
    'OLD_READ_IS_DRIFT',
    [...one, 'STALE=1'],
    'an answer from before our own write counts as drift',
  ),
  mistake(promotion, 'PROMOTE_DESPITE_WISH', one, 'promoted while a wish to roll back is not settled'),
  live(
    mistake(
      promotion,
      'CARRIED_TODO',
      one,
      'the act is a to-do of the worker that claimed, and dies with it',
    ),
  ),

  mistake(handover, 'HANDOVER_NO_VERSION', ['UNFENCED'], "the hand-over without the holder's revision"),
  mistake(handover, 'HANDOVER_LOCK_UNCHECKED', ['UNLOCK'], "the hand-over without the lock's holder"),
  mistake(handover, 'HANDOVER_TWO_WRITES', [], 'the hand-over in two saves'),
  mistake(handover, 'HANDOVER_CLEAN', [], 'the heir does not inherit that production was changed'),
  mistake(handover, 'SUPERSEDE_DIRTY', [], 'a holder that has changed production is simply ended'),
  mistake(handover, 'TAKE_OVER_NEWER', [], 'a rollback takes over what was asked for after it'),
  mistake(handover, 'NO_OP_ROLLBACK', [], 'the rollback finds its release there and does not write'),
  mistake(handover, 'RELEASE_EARLY', [], 'the lock is freed when the rollback begins'),
  mistake(handover, 'LOCK_UNCHECKED', ['UNLOCK'], 'claims and ends do not ask for the lock'),
  mistake(handover, 'NO_QUARANTINE', ['UNLOCK'], 'a lock freed by two people can be taken at once'),
  mistake(handover, 'NO_HOLD', ['UNFENCED'], 'ends do not wait for late requests'),
  mistake(handover, 'HOLD_NOT_INHERITED', ['UNFENCED'], 'the heir waits for its own requests only'),

  mistake(hold, 'NO_HOLD', [], 'no hold at all'),
  mistake(hold, 'SHORT_HOLD', ['WORKERS=1', 'LIFE=10'], 'a hold of 330 s'),
  mistake(hold, 'HOLD_FROM_FIRST_CLAIM', [], 'the hold counts from the first claim'),
  mistake(hold, 'HOLD_FROM_ACTED', [], 'the hold counts from the recorded send'),
  mistake(hold, 'HOLD_FORWARD_ONLY', [], 'the hold counts forward claims only'),
  mistake(hold, 'NO_REASSERT', [], 'what a late request brought is not taken back'),
  mistake(hold, 'SLEEPER_ACTS', ['WORKERS=1'], 'a worker that slept for minutes still claims and acts'),

  mistake(
    card,
    'POST_WITHOUT_CLAIM',
    ['REVISIONS=2', 'UNKNOWNS=0', 'CRASHES=0'],
    'the card is posted without a claim',
  ),
  mistake(
    card,
    'TELL_WITHOUT_CLAIM',
    ['REVISIONS=2', 'UNKNOWNS=0', 'CRASHES=0'],
    'an announcement without a claim',
  ),
  mistake(card, 'EDIT_WITHOUT_CLAIM', ['REVISIONS=3', 'UNKNOWNS=0'], 'an edit without a claim'),
  mistake(card, 'TOLD_BEFORE_SENT', ['REVISIONS=2'], 'noted as told before it was sent'),
  mistake(card, 'UNKNOWN_IS_TOLD', ['REVISIONS=2'], 'an ambiguous answer counts as told'),
  mistake(
    card,
    'RECORD_NEWEST',
    ['REVISIONS=2', 'UNKNOWNS=0', 'CRASHES=0'],
    'the newest revision is noted, not the drawn one',
  ),
  mistake(
    card,
    'REST_BLINDLY',
    ['REVISIONS=2', 'UNKNOWNS=0', 'CRASHES=0'],
    'put to rest without asking for a save since',
  ),
  mistake(card, 'NO_REDRAW', ['REVISIONS=3'], 'an edit that was never answered is forgotten'),
  mistake(card, 'FORGET_UNFINISHED', ['REVISIONS=2'], 'a claim that was never finished is forgotten'),
  mistake(
    card,
    'REDRAW_FORGOTTEN_AT_CLAIM',
    ['REVISIONS=2'],
    'the redraw is forgotten when it is claimed, not when it is done',
  ),
  {
    ...mistake(
      card,
      'GIVE_BACK_BLINDLY',
      ['REVISIONS=2', 'NOROOM=1', 'SLEEPER', 'UNKNOWNS=0'],
      "a claim is given back over somebody else's",
    ),
    size: 'full',
  },
  mistake(
    card,
    'DRAWN_ONLY_RISES',
    ['REVISIONS=2', 'SLEEPER', 'UNKNOWNS=0'],
    'an older drawing that lands late does not lower the drawn revision',
    'Whoever claims an edit while another is unfinished orders a redraw, which mends the same a little later: lowering the revision only mends it sooner.',
  ),
];
