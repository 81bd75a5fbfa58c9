package callback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// router knows which features hear of a message and which ones are asked for its answer.
type router struct {
	answerers []message.Answerer            // by rank
	events    map[string][]message.Listener // by name in small letters
	messages  map[string][]message.Listener // by MsgType
}

// newRouter refuses two answerers of one rank: which of them answers would depend on the
// order in which a server is put together.
func newRouter(answerers []message.Answerer, listeners []message.Listener) (*router, error) {
	r := &router{
		answerers: slices.SortedStableFunc(slices.Values(answerers), func(a, b message.Answerer) int { return cmp.Compare(a.Rank, b.Rank) }),
		events:    make(map[string][]message.Listener), messages: make(map[string][]message.Listener),
	}
	for i, a := range r.answerers {
		if a.Name == "" || a.Rank <= 0 || a.Answer == nil {
			return nil, fmt.Errorf("answerer %q of rank %d: each needs a name, a rank above 0 and a function", a.Name, a.Rank)
		}
		if i > 0 && r.answerers[i-1].Rank == a.Rank {
			return nil, fmt.Errorf("answerers %s and %s both have the rank %d: give one of them another", r.answerers[i-1].Name, a.Name, a.Rank)
		}
	}
	for _, l := range listeners {
		if l.Name == "" || l.Hear == nil || len(l.Events)+len(l.Messages) == 0 {
			return nil, fmt.Errorf("listener %q: each needs a name, events or messages, and a function", l.Name)
		}
		for _, name := range l.Events {
			name = strings.ToLower(name)
			r.events[name] = append(r.events[name], l)
		}
		for _, name := range l.Messages {
			r.messages[name] = append(r.messages[name], l)
		}
	}
	return r, nil
}

// listeners are those of a type, and those of every type.
func (r *router) listeners(m *wechat.Message) (of, every []message.Listener) {
	if m.IsEvent() {
		if len(r.events) == 0 {
			return nil, nil
		}
		return r.events[strings.ToLower(m.Event)], r.events[message.Every]
	}
	return r.messages[m.Type], r.messages[message.Every]
}

// concerns reports whether a listener is told of the message.
func (r *router) concerns(m *wechat.Message) bool {
	of, every := r.listeners(m)
	return len(of)+len(every) > 0
}

// hear tells the listeners of a message. All of them are told, also when one fails: at the
// next try they hear again, which harms none.
func (r *router) hear(ctx context.Context, m message.Heard) error {
	var faults []error
	of, every := r.listeners(m.Message)
	for _, list := range [][]message.Listener{of, every} {
		for _, l := range list {
			if err := l.Hear(ctx, m); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", l.Name, err))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("listeners to message %s: %w", m.Key, err)
	}
	return nil
}

// answer asks the answerers by rank; by is the one that answered, nil when none did.
func (r *router) answer(ctx context.Context, m *message.Asked) (reply message.Reply, by *message.Answerer, err error) {
	for i := range r.answerers {
		reply, handled, err := r.answerers[i].Answer(ctx, m)
		if err != nil {
			return message.Reply{}, nil, fmt.Errorf("%s: %w", r.answerers[i].Name, err)
		}
		if handled {
			return reply, &r.answerers[i], nil
		}
	}
	return message.Reply{}, nil, nil
}
