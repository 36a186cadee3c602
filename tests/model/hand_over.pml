/* The hand-over of one partition of a stage: from its inbox, over owners that come, die, pause and go on, to the stage
   that consumes a lane of it (architecture, section 4; topology/host: Shell, StateWriter, EffectRunner, take_lane).

   The one thing to know: owners know nothing of each other, and between any two steps an owner may be paused for as
   long as the others need to do anything at all. One that goes on after others have taken over is the zombie. An owner
   that crashes and comes back is the next owner, beginning from the store of the dead one.

   OWNERS and INPUTS are given by check.py, and so are the switches, each of which takes away one thing that the design
   stands on. */

#ifdef WITH_EFFECT  /* one input asks for an effect; its answer makes the lane longer by one event */
#define ASKS  2
#define TOTAL (INPUTS + 1)
#else
#define ASKS  0
#define TOTAL INPUTS
#endif
#define ANSWER      99 /* in the inbox: the answer to the effect */
#define ANSWERS_MAX 2  /* the second shows what becomes of copies; a third would wait for ever */
#define DIVERGES    2  /* the input that two folds see differently, if folds are not deterministic */

#define BIT(number)   (1 << ((number) - 1))
#define UP_TO(number) ((1 << (number)) - 1)

/* What an owner remembers. A store has all of it, of one moment: a batch is written whole or not at all. */
typedef Memory {
  byte folded;  /* records of the inbox */
  byte lane;    /* the last number that was given */
  bit pending;  /* the effect was asked for, and its answer is not folded */
  bit variant   /* how input DIVERGES was seen: 0 where folds are deterministic */
}

/* The log: it has what it has for ever, in the order in which it got it. */
byte inbox[INPUTS + ANSWERS_MAX];
byte inbox_end = 0;
byte committed = 0; /* records of the inbox: what the log was told last, by whomever */
byte in_log = 0;    /* the numbers of the lane that are in the target partition, as bits */

/* The disks, and what was copied from them. */
Memory store[OWNERS];
Memory nothing;

byte begun = 0;
byte gone = 0;

/* The consumer reads each record as it lands. What it does depends on the order in the target partition alone, and no
   owner looks at it: reading later would make no difference. */
byte last = 0;
bit last_hash = 0;
bool stopped = false;

/* What the properties are about. No step depends on it. */
byte consumed = 0;          /* events that the consumer folded */
byte histories = 0;         /* the variants of which it has folded something, as bits */
byte results = 0;           /* of the effect, in the world */
bool out_of_order = false;  /* it folded another number than the next */
bool ahead = false;         /* what was written, or left out, stands on an event that the log does not have */
bool early = false;         /* the effect was started, and the log does not have all that led to it */

ltl each_once_in_order { [] !out_of_order }
ltl one_history        { [] (histories != 3) }
ltl all_arrives        { <> (consumed == TOTAL) }
ltl behind_the_log     { [] !ahead }
ltl effect_after_cause { [] !early }
ltl one_result         { [] (results <= 1) }
/* All of them, in one search. */
ltl sound {
  [] (!out_of_order && histories != 3 && !ahead && !early && results <= 1) && <> (consumed == TOTAL)
}

/* Whether an event tells of which variant it is. */
#ifdef DIVERGES_OUT_OF_SIGHT
#define TELLS(number) ((number) >= DIVERGES && (number) % 2 == 0)
#else
#define TELLS(number) ((number) >= DIVERGES)
#endif
/* A hash covers all that the lane has had; so the next event, too, tells of what came before it. */
#ifndef UNCHAINED_HASH
#define HASH(number, variant) ((number) >= DIVERGES -> (variant) : 0)
#else
#define HASH(number, variant) (TELLS(number) -> (variant) : 0)
#endif

/* Partition::take_lane. */
inline take(number, made) {
  if
  :: stopped -> skip
#ifndef NO_HASH_CHECK
  :: !stopped && number == last && HASH(number, made) != last_hash -> stopped = true
#ifndef UNCHAINED_HASH
  :: !stopped && number == last + 1 && HASH(last, made) != last_hash -> stopped = true
#endif
#endif
#ifndef NO_DUPLICATE_CHECK
#ifdef NO_HASH_CHECK
  :: !stopped && number <= last -> skip
#else
  :: !stopped && (number < last || number == last && HASH(number, made) == last_hash) -> skip
#endif
#endif
#ifndef GAP_IGNORED
  :: !stopped && number > last + 1 -> stopped = true
#endif
  :: else ->
    consumed++;
    out_of_order = out_of_order || number != consumed;
    histories = histories | (TELLS(number) -> 1 << made : 0);
    last = number;
    last_hash = HASH(number, made)
  fi
}

/* The next number. It is not appended if its cause is at or below the committed offset. */
inline emit() {
  self.lane++;
  if
  :: self.folded > known -> in_flight = in_flight | BIT(self.lane)
  :: else -> ahead = ahead || !(in_log & BIT(self.lane))
  fi
}

/* One record: Partition::fold_one, and Shell::append_emitted. What has no meaning afterwards gets one value, so that
   there are fewer states. */
inline fold_next() {
  self.folded++;
  if
  :: inbox[self.folded - 1] == ANSWER && !self.pending -> skip
  :: inbox[self.folded - 1] == ANSWER && self.pending -> self.pending = 0; asked = 0; emit()
  :: else -> self.pending = self.pending || self.folded == ASKS; emit()
  fi;
  known = (self.folded < known -> known : 0);
  history = (self.folded < history -> history : 0)
}

inline copy(to, from) {
  to.folded = from.folded;
  to.lane = from.lane;
  to.pending = from.pending;
  to.variant = from.variant
}

inline load(other) {
  copy(self, store[other]);
  copy(store[me], store[other])
}

/* Which of the owners begins first is only a name. They begin from nothing, or from what an earlier one has written:
   its disk, or a snapshot of it. When the last has begun, nobody asks any more what is committed. */
inline begin() {
  begun++;
  known = committed;
  history = inbox_end;
  committed = (begun < OWNERS -> committed : 0);
  if
#ifdef STATE_SURVIVES
  :: known == 0 -> skip
  :: me > 0 && store[0].folded >= known -> load(0)
#if OWNERS > 2
  :: me > 1 && store[1].folded >= known -> load(1)
#endif
#else
  :: true -> skip
  :: me > 0 && store[0].folded > 0 -> load(0)
#if OWNERS > 2
  :: me > 1 && store[1].folded > 0 -> load(1)
#endif
#endif
  fi
}

#ifdef UNORDERED
#define MAY_LAND(number) (in_flight & BIT(number))
#else
#define MAY_LAND(number) ((in_flight & UP_TO(number)) == BIT(number))
#endif

inline land(number) {
  in_flight = in_flight & ~BIT(number);
  in_log = in_log | BIT(number);
  take(number, self.variant)
}

#ifdef COMMIT_BEFORE_DURABLE
#define MAY_WRITE true
#else
#define MAY_WRITE (in_flight == 0)
#endif

/* StateWriter::write_durable. */
inline write() {
  copy(store[me], self);
#ifdef FORGOTTEN_WHEN_SENT
  store[me].pending = self.pending && !asked;
#endif
  to_tell = begun < OWNERS;
  ahead = ahead || (UP_TO(self.lane) & ~in_log)
}

#ifdef EFFECT_BEFORE_DURABLE
#define MAY_ACT true
#else
#define MAY_ACT ((in_flight & UP_TO(ASKS)) == 0)
#endif

/* EffectRunner::start. The world knows the effect by its id, which all owners derive alike. */
inline act() {
  asked = 1;
  running = 1;
  early = early || (UP_TO(ASKS) & ~in_log);
#ifdef EFFECTS_ADD_UP
  results++
#else
  results = 1
#endif
}

proctype owner(byte me) {
  Memory self;
  byte in_flight; /* appended, and not in the log: lost in a crash */
  byte known;     /* the committed offset when it began */
  byte history;   /* the end of the inbox when it began: the effect waits until that is folded */
  bit to_tell;    /* the state is written, and the log was not told */
  bit asked;      /* it has started the effect */
  bit running;    /* which has not answered */

  atomic { begun == me -> begin() }
end:
  do
  :: d_step { self.folded < inbox_end -> fold_next() }
#ifdef NONDETERMINISTIC_FOLD
  :: d_step { self.folded < inbox_end && self.folded + 1 == DIVERGES -> self.variant = 1; fold_next() }
#endif

  :: d_step { MAY_LAND(1) -> land(1) }
  :: d_step { MAY_LAND(2) -> land(2) }
  :: d_step { MAY_LAND(3) -> land(3) }
  :: d_step { MAY_LAND(4) -> land(4) }
  :: d_step { MAY_LAND(5) -> land(5) }

  :: d_step { store[me].folded < self.folded && MAY_WRITE -> write() }
  :: d_step { to_tell -> to_tell = 0; committed = (begun < OWNERS -> store[me].folded : 0) }
#ifdef OFFSET_BEFORE_DURABLE
  :: d_step { begun < OWNERS && committed < self.folded -> committed = self.folded }
#endif

#ifdef WITH_EFFECT
  :: d_step { self.pending && !asked && self.folded >= history && MAY_ACT -> act() }
  :: d_step { running && inbox_end < INPUTS + ANSWERS_MAX -> running = 0; inbox[inbox_end] = ANSWER; inbox_end++ }
#endif

  /* It dies, whatever it was at; one stays. */
  :: atomic { gone < OWNERS - 1 -> gone++; break }
  od;
  atomic { copy(self, nothing); in_flight = 0; known = 0; history = 0; to_tell = 0; asked = 0; running = 0 }
}

init {
  atomic {
    do
    :: inbox_end < INPUTS -> inbox_end++; inbox[inbox_end - 1] = inbox_end
    :: else -> break
    od;
    run owner(0);
    run owner(1);
#if OWNERS > 2
    run owner(2)
#endif
  }
}
