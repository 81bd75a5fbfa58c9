package sqlstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/freshness"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
	"oalab/server/wechat"
)

// conformance is what every engine must do. The tests use keys of their own, so
// that they can share a database with others.
func conformance(t *testing.T, open open) {
	for name, test := range map[string]func(*testing.T, *sqlstore.DB){
		"migrating again changes nothing":              migrateAgain,
		"the first reply stays":                        firstReplyStays,
		"a reply of any form stays":                    replyForms,
		"servers from before the forms read texts":     replyFromBefore,
		"a reply of a later version fails alone":       replyFromLater,
		"replies that come together share a statement": sharedStatement,
		"a batch holds its own duplicates":             ownDuplicates,
		"a message makes one order":                    oneOrderAMessage,
		"one worker has an order":                      oneWorker,
		"a claim after a lost worker is unknown":       lostWorker,
		"an order goes through its states":             orderStates,
		"a stale change is refused":                    staleChange,
		"an order that stands still is found":          staleOrders,
		"a job waits once":                             jobOnce,
		"jobs are settled and buried":                  settleAndBury,
		"dead letters are listed":                      deadListed,
		"a dead letter is put back into work once":     deadRetried,
		"a dead letter is dropped":                     deadDropped,
		"what is old and closed is removed":            retained,
		"an archived order is found and stays unique":  archived,
		"one process does the retention":               retainedAlone,
		"confirmed jobs are gone":                      confirmed,
		"a claim of what is out of date reads":         staleClaim,
		"notes that come together share a statement":   sharedNotes,
		"seeding twice changes nothing":                seedTwice,
		"a seed prunes what it is told to":             seedPrunes,
		"a dry run changes nothing":                    seedDryRun,
		"what a seed replaced is remembered":           seedRemembers,
		"a table is read as of one moment":             tornTable,
		"a follower who leaves is unbound":             unbound,
		"a change of a binding names its follower":     bindingChanges,
		"codes that contradict each other are refused": conflictingCodes,
		"a change of bindings has a name":              generations,
		"keys are told apart by every byte":            everyByte,
		"a failed transaction leaves nothing behind":   allOrNothing,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// words are the text of a reply.
func words(r message.Reply) string {
	text, _ := r.Show.(wechat.TextReply)
	return text.Content
}

func unique(prefix string) string { return prefix + rand.Text()[:16] }

func orderFor(t *testing.T, account string) (business.Order, message.Reply, job.Envelope) {
	t.Helper()
	o := business.Order{
		Serial: rand.Text()[:24], Account: account, OpenID: "oFollower", Phone: "13800000000", Code: "2.1.1",
		Product: "P10", Name: "10元流量包", Key: unique("m"),
	}
	env, err := jobType(business.KindOrder).New(o.Serial, map[string]string{"serial": o.Serial}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return o, message.Text("受理 " + o.Serial), env
}

func accept(t *testing.T, db *sqlstore.DB) business.Order {
	t.Helper()
	o, r, env := orderFor(t, unique("a"))
	if _, err := db.AcceptOrder(t.Context(), o, r, env); err != nil {
		t.Fatal(err)
	}
	got, err := db.Order(t.Context(), o.Serial)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// jobs returns the waiting jobs of one order, by key.
func jobsOf(t *testing.T, db *sqlstore.DB, queue, key string) []job.Envelope {
	t.Helper()
	var found []job.Envelope
	for after := int64(0); ; {
		rows, err := db.PendingJobs(t.Context(), queue, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			after = r.ID
			if r.Key == key {
				found = append(found, r)
			}
		}
		if len(rows) < 100 {
			return found
		}
	}
}

func migrateAgain(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Order(t.Context(), o.Serial); err != nil {
		t.Errorf("order after the second migration: %v", err)
	}
}

func firstReplyStays(t *testing.T, db *sqlstore.DB) {
	account, key := unique("a"), unique("m")
	if _, found, err := db.Reply(t.Context(), account, key); err != nil || found {
		t.Fatalf("before: found %t, err %v", found, err)
	}
	const writers = 16
	got := make([]message.Reply, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			r := message.Text(fmt.Sprint("reply ", i))
			if i%2 == 0 {
				r = message.Reply{Later: true}
			}
			var err error
			got[i], err = db.SaveReply(t.Context(), account, key, r)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stored, found, err := db.Reply(t.Context(), account, key)
	if err != nil || !found {
		t.Fatalf("after: found %t, err %v", found, err)
	}
	for i, r := range got {
		if r != stored {
			t.Errorf("writer %d was told %+v, stored is %+v", i, r, stored)
		}
	}
}

// MSG-4: the first reply of a message stays, of whichever form.
func replyForms(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	for key, r := range map[string]message.Reply{
		"nothing": {}, "later": {Later: true}, "text": message.Text("余额 ]]>😀"),
		"image": {Show: wechat.ImageReply{MediaID: "m"}}, "voice": {Show: wechat.VoiceReply{MediaID: "m"}},
		"video": {Show: wechat.VideoReply{MediaID: "m", Title: "标题"}}, "music": {Show: wechat.MusicReply{ThumbMediaID: "m", URL: "u"}},
		"news":     {Show: wechat.NewsReply{Articles: slices.Repeat([]wechat.Article{{Title: "标题 \"😀\"", URL: "https://u?a=1&b=2"}}, wechat.MaxArticles)}},
		"transfer": {Show: wechat.TransferReply{Agent: "a@gh"}},
	} {
		for name, save := range map[string]func(context.Context, string, string, message.Reply) (message.Reply, error){
			"with others": func(ctx context.Context, a, k string, r message.Reply) (message.Reply, error) {
				return db.SaveReply(ctx, a, k, r)
			},
			"in a transaction": db.SaveReplyInTransaction,
		} {
			key := key + " " + name
			if got, err := save(t.Context(), account, key, r); err != nil || !reply.Same(got, r) {
				t.Errorf("%s: saved as %+v, %v", key, got, err)
			}
			if got, err := save(t.Context(), account, key, message.Text("a second one")); err != nil || !reply.Same(got, r) {
				t.Errorf("%s: the second writer was told %+v, %v", key, got, err)
			}
			if got, found, err := db.Reply(t.Context(), account, key); err != nil || !found || !reply.Same(got, r) {
				t.Errorf("%s: read %+v, %t, %v", key, got, found, err)
			}
		}
	}
	refused := message.Reply{Show: wechat.ImageReply{}}
	if _, err := db.SaveReply(t.Context(), account, "refused", refused); !errors.Is(err, wechat.ErrReply) {
		t.Errorf("a reply that cannot be sent: %v", err)
	}
	if _, found, err := db.Reply(t.Context(), account, "refused"); found || err != nil {
		t.Errorf("a reply that cannot be sent was stored: %t, %v", found, err)
	}
}

// A rolling upgrade has servers of both versions on one database.
func replyFromBefore(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	for key, r := range map[string]message.Reply{"text": message.Text("余额 ]]>😀"), "later": {Later: true}, "image": {Show: wechat.ImageReply{MediaID: "m"}}} {
		if _, err := db.SaveReply(t.Context(), account, key, r); err != nil {
			t.Fatal(err)
		}
		text, later, err := db.ReplyAsBefore(t.Context(), account, key)
		if err != nil || text != words(r) || later != r.Later {
			t.Errorf("%s: a server from before reads %q, %t, %v", key, text, later, err)
		}
		if key == "image" {
			continue // which no server from before stores
		}
		if err := db.SaveReplyAsBefore(t.Context(), account, key+" before", words(r), r.Later); err != nil {
			t.Fatal(err)
		}
		if got, found, err := db.Reply(t.Context(), account, key+" before"); err != nil || !found || got != r {
			t.Errorf("%s of a server from before: %+v, %t, %v", key, got, found, err)
		}
		if got, err := db.SaveReply(t.Context(), account, key+" before", message.Text("a second one")); err != nil || got != r {
			t.Errorf("%s of a server from before: the second writer was told %+v, %v", key, got, err)
		}
	}
}

// A form that this version does not know takes nothing from the messages beside it.
func replyFromLater(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	if err := db.SaveReplyOfForm(t.Context(), account, "m3", "mini_program", `{"appid":"x"}`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Reply(t.Context(), account, "m3"); !errors.Is(err, reply.ErrStored) || !strings.Contains(err.Error(), "mini_program") {
		t.Errorf("read: %v", err)
	}
	if _, err := db.SaveReply(t.Context(), account, "before", message.Reply{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			key := fmt.Sprint("m", i)
			got, err := db.SaveReply(t.Context(), account, key, message.Text(key))
			switch {
			case key == "m3" && !errors.Is(err, reply.ErrStored):
				t.Errorf("%s: %+v, %v", key, got, err)
			case key != "m3" && (err != nil || words(got) != key):
				t.Errorf("%s: %+v, %v", key, got, err)
			}
		})
	}
	wg.Wait()
}

// saveTogether saves replies at once, behind one that has just been saved, so that they
// share statements. It returns what each was told, and how many statements were sent.
func saveTogether(t *testing.T, db *sqlstore.DB, account string, keys []string, text func(i int) string) (told []string, statements int64) {
	t.Helper()
	if _, err := db.SaveReply(t.Context(), account, unique("first"), message.Reply{}); err != nil {
		t.Fatal(err)
	}
	before := db.Statements()
	told = make([]string, len(keys))
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			r, err := db.SaveReply(t.Context(), account, key, message.Text(text(i)))
			if err != nil {
				t.Errorf("reply %d of %s: %v", i, key, err)
			}
			told[i] = words(r)
		})
	}
	wg.Wait()
	return told, db.Statements() - before
}

// PERF-1: new replies cost their share of one INSERT; when some messages had a reply, one
// more statement reads them.
func sharedStatement(t *testing.T, db *sqlstore.DB) {
	account, keys := unique("a"), make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprint("m", (i*7)%20)
	}
	mine := func(i int) string { return "reply to " + keys[i] }
	told, statements := saveTogether(t, db, account, keys, mine)
	for i, key := range keys {
		stored, found, err := db.Reply(t.Context(), account, key)
		if told[i] != mine(i) || !found || err != nil || words(stored) != told[i] {
			t.Errorf("message %s: told %q, stored %+v, %t, %v", key, told[i], stored, found, err)
		}
	}
	// A busy machine may spread the callers over more than one rhythm.
	if statements > 5 {
		t.Errorf("%d new replies took %d statements", len(keys), statements)
	}
	keys = append(keys, "n1", "n2", "n3")
	told, statements = saveTogether(t, db, account, keys, func(i int) string { return "another " + keys[i] })
	for i, key := range keys {
		want := "reply to " + key
		if i >= 20 {
			want = "another " + key
		}
		if told[i] != want {
			t.Errorf("message %s: told %q, want %q", key, told[i], want)
		}
	}
	if statements > 10 {
		t.Errorf("%d replies, of which some were there, took %d statements", len(keys), statements)
	}
}

// A message that is saved several times in one batch has one reply.
func ownDuplicates(t *testing.T, db *sqlstore.DB) {
	account, keys := unique("a"), make([]string, 24)
	for i := range keys {
		keys[i] = fmt.Sprint("m", i%3)
	}
	told, statements := saveTogether(t, db, account, keys, func(i int) string { return fmt.Sprint("reply ", i) })
	for i, key := range keys {
		stored, found, err := db.Reply(t.Context(), account, key)
		if !found || err != nil || told[i] != words(stored) {
			t.Errorf("caller %d was told %q, stored is %+v, %t, %v", i, told[i], stored, found, err)
		}
	}
	if statements > 10 {
		t.Errorf("%d replies of 3 messages took %d statements", len(keys), statements)
	}
}

// Event keys are free text: what looks alike is still another message.
func everyByte(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	keys := []string{"k", "K", "k ", " k", "ｋ", "é", "e\u0301", "e", "ß", "ss", "", " ", "k\\", "k'", "k\"", "k\x00", "😀", "😁"}
	for _, key := range keys {
		want := message.Text("of " + key)
		if got, err := db.SaveReply(t.Context(), account, key, want); err != nil || got != want {
			t.Errorf("key %q: saved as %q, %v", key, words(got), err)
		}
	}
	for _, key := range keys {
		if got, found, err := db.Reply(t.Context(), account, key); err != nil || !found || words(got) != "of "+key {
			t.Errorf("key %q: found %t %q, %v", key, found, words(got), err)
		}
	}
}

func oneOrderAMessage(t *testing.T, db *sqlstore.DB) {
	first, reply, env := orderFor(t, unique("a"))
	if got, err := db.AcceptOrder(t.Context(), first, reply, env); err != nil || got != reply {
		t.Fatalf("first: %+v, %v", got, err)
	}
	second, other, env2 := orderFor(t, first.Account)
	second.Key = first.Key
	if got, err := db.AcceptOrder(t.Context(), second, other, env2); err != nil || got != reply {
		t.Fatalf("second: %+v, %v; want the first reply %+v", got, err, reply)
	}
	if _, err := db.Order(t.Context(), second.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("second order: %v, want none", err)
	}
	if n := len(jobsOf(t, db, "orders", env.Key)); n != 1 {
		t.Errorf("%d jobs of the first order, want 1", n)
	}
	if n := len(jobsOf(t, db, "orders", env2.Key)); n != 0 {
		t.Errorf("%d jobs of the second order, want 0", n)
	}
}

func oneWorker(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	const workers = 12
	var mu sync.Mutex
	var claimed, leased int
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			_, err := db.ClaimOrder(t.Context(), o, time.Minute)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				claimed++
			case errors.Is(err, business.ErrLeased):
				leased++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if claimed != 1 || leased != workers-1 {
		t.Errorf("%d claims, %d refused; want 1 and %d", claimed, leased, workers-1)
	}
}

func lostWorker(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	got, err := db.ClaimOrder(t.Context(), o, time.Millisecond)
	if err != nil || got.State != business.StateSent || got.Attempts != 1 {
		t.Fatalf("first claim: %+v, %v", got, err)
	}
	again, err := claimWhenFree(t, db, o.Serial)
	if err != nil || again.State != business.StateUnknown || again.Attempts != 2 {
		t.Fatalf("claim after the lease: %+v, %v", again, err)
	}
	if err := db.FinishOrder(t.Context(), got, business.StateDone, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("the lost worker finishes: %v, want ErrStale", err)
	}
}

// claimWhenFree claims as soon as the lease has ended.
func claimWhenFree(t *testing.T, db *sqlstore.DB, serial string) (business.Order, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		o, err := db.ClaimOrder(ctx, business.Order{Serial: serial}, time.Minute)
		if !errors.Is(err, business.ErrLeased) {
			return o, err
		}
	}
}

func orderStates(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o := accept(t, db)
	step := func(what string, got business.Order, err error, state business.State) business.Order {
		t.Helper()
		if err != nil || got.State != state {
			t.Fatalf("%s: state %s, err %v; want %s", what, got.State, err, state)
		}
		stored, err := db.Order(ctx, got.Serial)
		if diff := cmp.Diff(got, stored); err != nil || diff != "" {
			t.Fatalf("%s: the store differs (err %v):\n%s", what, err, diff)
		}
		return stored
	}
	reread := func() (business.Order, error) { return db.Order(ctx, o.Serial) }
	claimed, err := db.ClaimOrder(ctx, o, time.Minute)
	step("claim", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateQueued, "connection refused"); err != nil {
		t.Fatal(err)
	}
	got, err := reread()
	step("release as surely not sent", got, err, business.StateQueued)
	claimed, err = db.ClaimOrder(ctx, o, time.Minute)
	claimed.Reason = "connection refused"
	step("claim again", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateUnknown, "timeout"); err != nil {
		t.Fatal(err)
	}
	claimed, err = db.ClaimOrder(ctx, o, time.Minute)
	step("claim of an unknown one", claimed, err, business.StateUnknown)
	claimed, err = db.ResendOrder(ctx, claimed, time.Minute)
	step("resend", claimed, err, business.StateSent)
	if left, err := db.Backlog(ctx); err != nil || left.Unfinished < 1 || left.Jobs < 1 {
		t.Errorf("left: %+v, %v; want at least this order and its job", left, err)
	}
	tell, err := jobType(business.KindTell).New(o.Serial, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateDone, "", tell); err != nil {
		t.Fatal(err)
	}
	got, err = reread()
	step("finish", got, err, business.StateDone)
	if n := len(jobsOf(t, db, "tells", tell.Key)); n != 1 {
		t.Errorf("%d tell jobs, want 1", n)
	}
	if _, err := db.ClaimOrder(ctx, o, time.Minute); !errors.Is(err, business.ErrFinished) {
		t.Errorf("claim of a finished order: %v", err)
	}
	for _, way := range []string{"template", "sms"} {
		if err := db.MarkTold(ctx, o.Serial, way); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := reread(); err != nil || got.Told != "template" {
		t.Errorf("told by %q (%v), want the first note", got.Told, err)
	}
}

func staleChange(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, err := db.ClaimOrder(ctx, accept(t, db), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateUnknown, ""); err != nil {
		t.Fatal(err)
	}
	o.State = business.StateUnknown // the version stays behind
	if _, err := db.ResendOrder(ctx, o, time.Minute); !errors.Is(err, business.ErrStale) {
		t.Errorf("resend: %v", err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateUnknown, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("release: %v", err)
	}
	if err := db.FinishOrder(ctx, o, business.StateDone, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("finish: %v", err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateAccepted, ""); err == nil || errors.Is(err, business.ErrStale) {
		t.Errorf("a move that does not exist: %v", err)
	}
}

func staleOrders(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o := accept(t, db)
	find := func(age time.Duration) bool {
		now, err := db.Clock(ctx)
		if err != nil {
			t.Fatal(err)
		}
		orders, err := db.StaleOrders(ctx, now.Add(-age), 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range orders {
			if s.Serial == o.Serial {
				return true
			}
		}
		return false
	}
	if find(time.Hour) {
		t.Error("found as stale for an hour at once")
	}
	until(t, "the order is stale", func() bool { return find(0) })
	claimed, err := db.ClaimOrder(ctx, o, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateFailed, "refused"); err != nil {
		t.Fatal(err)
	}
	until(t, "the untold order is stale", func() bool { return find(0) })
	if err := db.MarkTold(ctx, o.Serial, "template"); err != nil {
		t.Fatal(err)
	}
	if find(-time.Hour) {
		t.Error("a settled order is found as stale")
	}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func jobOnce(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	var mu sync.Mutex
	var heard []job.Envelope
	db.OnOutbox(func(stored []job.Envelope) { mu.Lock(); defer mu.Unlock(); heard = append(heard, stored...) })
	if _, err := db.AcceptOrder(ctx, o, r, env); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	waiting := jobsOf(t, db, "orders", env.Key)
	if len(waiting) != 1 {
		t.Fatalf("%d jobs wait, want 1", len(waiting))
	}
	env.ID = waiting[0].ID
	if diff := cmp.Diff(env, waiting[0], cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })); diff != "" {
		t.Errorf("the job came back changed:\n%s", diff)
	}
	if err := db.SettleJob(ctx, env); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	again := jobsOf(t, db, "orders", env.Key)
	if len(again) != 1 || again[0].ID == env.ID {
		t.Fatalf("after settling and requeueing: %+v, want one new row", again)
	}
	mu.Lock()
	defer mu.Unlock()
	var ids []int64
	for _, e := range heard {
		if e.Key == env.Key {
			ids = append(ids, e.ID)
		}
	}
	if diff := cmp.Diff([]int64{waiting[0].ID, 0, again[0].ID}, ids); diff != "" {
		t.Errorf("announced rows, 0 for one that was left alone (-want +got)\n%s", diff)
	}
}

func confirmed(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	waiting, left := accept(t, db), accept(t, db)
	rows := jobsOf(t, db, "orders", "order:"+waiting.Serial)
	if len(rows) != 1 {
		t.Fatalf("%d jobs wait, want 1", len(rows))
	}
	for range 2 { // the second time the row is gone
		if err := db.DeleteJobs(ctx, []int64{rows[0].ID}); err != nil {
			t.Fatal(err)
		}
	}
	for serial, want := range map[string]int{waiting.Serial: 0, left.Serial: 1} {
		if n := len(jobsOf(t, db, "orders", "order:"+serial)); n != want {
			t.Errorf("%d rows of order %s, want %d", n, serial, want)
		}
	}
	if err := db.DeleteJobs(ctx, nil); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

// What a job carries may be out of date: the claim then goes by what is stored.
func staleClaim(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	known := accept(t, db)
	claimed, err := db.ClaimOrder(ctx, known, time.Minute)
	if err != nil || claimed.State != business.StateSent {
		t.Fatalf("claimed: %+v, %v", claimed, err)
	}
	if _, err := db.ClaimOrder(ctx, known, time.Minute); !errors.Is(err, business.ErrLeased) {
		t.Errorf("a second claim: %v, want ErrLeased", err)
	}
	if err := db.ReleaseOrder(ctx, claimed, business.StateUnknown, "timeout"); err != nil {
		t.Fatal(err)
	}
	if claimed, err = db.ClaimOrder(ctx, known, time.Minute); err != nil || claimed.State != business.StateUnknown || claimed.Attempts != 2 {
		t.Fatalf("after a call without an answer: %+v, %v; want it unknown, at the second attempt", claimed, err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateDone, ""); err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"", business.ToldTemplate} {
		got, err := db.ClaimOrder(ctx, known, time.Minute)
		if !errors.Is(err, business.ErrFinished) || got.Told != told {
			t.Errorf("after the end: told %q, %v; want %q, ErrFinished", got.Told, err, told)
		}
		if err := db.MarkTold(ctx, known.Serial, business.ToldTemplate); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ClaimOrder(ctx, business.Order{Serial: "NOBODY", Version: 1}, time.Minute); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("no order: %v", err)
	}
}

// PERF-1: what is only noted of orders costs its share of a statement.
func sharedNotes(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	const orders = 16
	all, rows := make([]business.Order, orders), make([]job.Envelope, orders)
	for i := range all {
		o, err := db.ClaimOrder(ctx, accept(t, db), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		all[i], rows[i] = o, jobsOf(t, db, "orders", "order:"+o.Serial)[0]
		if i == orders-1 { // not at its end yet
			break
		}
		if err := db.FinishOrder(ctx, o, business.StateDone, ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, note := range map[string]func(i int) error{
		"told":    func(i int) error { return db.MarkTold(ctx, all[i].Serial, business.ToldTemplate) },
		"settled": func(i int) error { return db.SettleJob(ctx, rows[i]) },
	} {
		before := db.Statements()
		var wg sync.WaitGroup
		for i := range orders {
			wg.Go(func() {
				if err := note(i); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		// A busy machine may spread the callers over more than one rhythm.
		if n := db.Statements() - before; n > orders/2 {
			t.Errorf("%s: %d notes took %d statements", name, orders, n)
		}
	}
	for i, o := range all {
		want := business.ToldTemplate
		if i == orders-1 {
			want = ""
		}
		if got, err := db.Order(ctx, o.Serial); err != nil || got.Told != want {
			t.Errorf("order %d is told by %q (%v), want %q", i, got.Told, err, want)
		}
		if n := len(jobsOf(t, db, "orders", rows[i].Key)); n != 0 {
			t.Errorf("order %d has %d rows", i, n)
		}
	}
}

func settleAndBury(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	if _, err := db.AcceptOrder(ctx, o, r, env); err != nil {
		t.Fatal(err)
	}
	env = jobsOf(t, db, "orders", env.Key)[0]
	long := make([]rune, 2000)
	for i := range long {
		long[i] = '错'
	}
	if err := db.BuryJob(ctx, env, 60, string(long)); err != nil {
		t.Fatal(err)
	}
	if n := len(jobsOf(t, db, "orders", env.Key)); n != 0 {
		t.Errorf("%d rows after the burial, want 0", n)
	}
	if err := db.SettleJob(ctx, env); err != nil {
		t.Errorf("settling a row that is gone: %v", err)
	}
}

func seedTwice(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	account := unique("a")
	data := seedData{
		Account: account,
		Keywords: []support.Entry{
			{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一", "二😀"}},
			{Keyword: "隐藏", Match: support.MatchMessageContains, Answers: []string{"x"}, Hidden: true},
		},
		Business: []business.Code{
			{Account: account, Code: "1.3", Sort: business.SortQuery, Name: "剩余流量", Commands: []string{"CXLL", "cxll"}, MenuKey: "Q", Operation: "QueryUsage"},
			{Account: account, Code: "2.1.1", Sort: business.SortOrder, Name: "流量包", Commands: []string{"KT10"}, Product: "P10"},
		},
		Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000001"}, {OpenID: "o2", Phone: "13800000002"}},
	}
	for range 2 {
		if err := seed(ctx, db, data); err != nil {
			t.Fatal(err)
		}
		keywords, err := supportstore.New(db.DB).ListKeywords(ctx, account)
		if diff := cmp.Diff(data.Keywords, keywords.Entries); err != nil || diff != "" {
			t.Errorf("keywords (err %v):\n%s", err, diff)
		}
		all, err := db.Catalogue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var codes []business.Code
		for _, c := range all {
			if c.Account == account {
				codes = append(codes, c)
			}
		}
		if diff := cmp.Diff(data.Business, codes); diff != "" {
			t.Errorf("catalogue:\n%s", diff)
		}
		if phone, err := db.Phone(ctx, account, "o2"); err != nil || phone != "13800000002" {
			t.Errorf("binding: %s, %v", phone, err)
		}
	}
	if _, err := db.Phone(ctx, account, "O2"); !errors.Is(err, business.ErrUnbound) {
		t.Errorf("another follower, by case: %v, want ErrUnbound", err)
	}
	data.Keywords = []support.Entry{{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"三"}}}
	if err := seed(ctx, db, data); err != nil {
		t.Fatal(err)
	}
	if keywords, err := supportstore.New(db.DB).ListKeywords(ctx, account); err != nil || len(keywords.Entries) != 2 || !cmp.Equal(keywords.Entries[0], data.Keywords[0]) {
		t.Errorf("after replacing one entry: %+v, %v", keywords, err)
	}
}

// Codes that make no catalogue with those that are there are refused, and leave nothing.
func conflictingCodes(t *testing.T, db *sqlstore.DB) {
	ctx, account := t.Context(), unique("a")
	code := func(number, command string) seedData {
		return seedData{Account: account, Business: []business.Code{
			{Code: number, Sort: business.SortOrder, Name: "包", Commands: []string{command}, Product: "P"},
		}}
	}
	if err := seed(ctx, db, code("1", "KT1")); err != nil {
		t.Fatal(err)
	}
	before, err := db.Generations(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := seed(ctx, db, code("2", "KT1")); err == nil {
		t.Error("two codes for one command were stored")
	}
	after, err := db.Generations(ctx)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("generations changed (err %v):\n%s", err, diff)
	}
	all, err := db.Catalogue(ctx)
	if err != nil || slices.ContainsFunc(all, func(c business.Code) bool { return c.Account == account && c.Code == "2" }) {
		t.Errorf("the refused code is there, %v", err)
	}
	if err := seed(ctx, db, code("2", "KT2")); err != nil {
		t.Errorf("another command: %v", err)
	}
}

// The name of a topic changes with its data, in the same commit, and with nothing else.
func generations(t *testing.T, db *sqlstore.DB) {
	ctx, account := t.Context(), unique("a")
	seen := map[string]bool{}
	bind := func(openid, phone string) seedData {
		return seedData{Account: account, Bindings: []sqlstore.Binding{{OpenID: openid, Phone: phone}}}
	}
	word := seedData{Account: account, Keywords: []support.Entry{{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一"}}}}
	code := seedData{Account: account, Business: []business.Code{{Code: "9", Sort: business.SortOrder, Name: "包", Commands: []string{account}, Product: "P"}}}
	for i, step := range []struct {
		seed    seedData
		changes freshness.Topic
	}{
		{seed: seedData{Account: account}},
		{bind("o1", "13800000001"), freshness.Bindings},
		{bind("o1", "13800000002"), freshness.Bindings},
		{bind("o2", "13800000002"), freshness.Bindings},
		{word, freshness.Keywords},
		{word, freshness.Keywords},
		{code, freshness.Business},
	} {
		before, err := db.Generations(ctx)
		if err != nil || len(before) != 4 {
			t.Fatalf("%v, %v; want three topics and the name of the database", before, err)
		}
		for _, name := range before {
			seen[name] = true
		}
		if err := seed(ctx, db, step.seed); err != nil {
			t.Fatal(err)
		}
		after, err := db.Generations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for topic, name := range after {
			if changes := topic == step.changes; (name != before[topic]) != changes || seen[name] == changes || name == "" {
				t.Errorf("step %d: %s from %q to %q; want a new name: %t", i, topic, before[topic], name, changes)
			}
		}
	}
	var mine []string
	err := db.EachBinding(ctx, func(of, openid, phone string) {
		if of == account {
			mine = append(mine, openid+" "+phone)
		}
	})
	slices.Sort(mine)
	if diff := cmp.Diff([]string{"o1 13800000002", "o2 13800000002"}, mine); err != nil || diff != "" {
		t.Errorf("all bindings (err %v):\n%s", err, diff)
	}
}

func allOrNothing(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	bad := job.Envelope{Key: "x", Kind: "no such kind", Payload: []byte("1")}
	if _, err := db.AcceptOrder(ctx, o, r, env, bad); err == nil {
		t.Fatal("a job of no queue was stored")
	}
	if _, err := db.Order(ctx, o.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("the order of the failed transaction: %v", err)
	}
	if _, found, err := db.Reply(ctx, o.Account, o.Key); found || err != nil {
		t.Errorf("the reply of the failed transaction: found %t, %v", found, err)
	}
	if n := len(jobsOf(t, db, "orders", env.Key)); n != 0 {
		t.Errorf("%d jobs of the failed transaction", n)
	}
}

func jobType(kind job.Kind) job.Type {
	found, _ := business.JobTypes(business.Places{}).Find(kind)
	return found
}
