package callback

import "time"

// Bounds of the answers that are kept: the tries of a message begin within 10 s.
const (
	keptAge  = 15 * time.Second
	keptMost = 4096
)

// kept holds the answers of messages whose tries had all left when their work was done, for
// the next try of each. The body of a try must be read to know which message it is; but the
// platform names the sender in the address, so whether reading is worth it is known before.
// It belongs to flights, under its lock. The zero value is ready.
type kept struct {
	senders map[string]int // with a message under way, or an answer here
	answers map[string]keptAnswer
	order   []string // keys of answers, oldest first
}

type keptAnswer struct {
	answer
	sender string
	until  time.Time
}

// expect notes that a try of this sender's left, and work for it goes on.
func (k *kept) expect(sender string) {
	if k.senders == nil {
		k.senders, k.answers = make(map[string]int), make(map[string]keptAnswer)
	}
	k.senders[sender]++
}

// settle keeps the answer of work that was expected, if it succeeded.
func (k *kept) settle(key, sender string, a answer, ok bool, now time.Time) {
	k.forget(now)
	if _, twice := k.answers[key]; !ok || twice || len(k.order) >= keptMost {
		k.drop(sender)
		return
	}
	k.answers[key] = keptAnswer{answer: a, sender: sender, until: now.Add(keptAge)}
	k.order = append(k.order, key)
}

func (k *kept) has(sender string, now time.Time) bool {
	k.forget(now)
	return k.senders[sender] > 0
}

func (k *kept) answer(key string) (answer, bool) {
	a, ok := k.answers[key]
	return a.answer, ok
}

// forget drops what is too old for any further try.
func (k *kept) forget(now time.Time) {
	for len(k.order) > 0 && now.After(k.answers[k.order[0]].until) {
		key := k.order[0]
		k.order = k.order[1:]
		k.drop(k.answers[key].sender)
		delete(k.answers, key)
	}
}

func (k *kept) drop(sender string) {
	if k.senders[sender]--; k.senders[sender] <= 0 {
		delete(k.senders, sender)
	}
}
