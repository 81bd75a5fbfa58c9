package server

import (
	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/internal/part"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
)

// commands answers exact commands and menu keys, and ends the bindings of followers who leave.
func (b *build) commands() (part.Part, error) {
	var err error
	db := ask(&err, b.stores)
	redis := ask(&err, b.redis)
	orders := ask(&err, b.orders)
	if err != nil {
		return part.Part{}, err
	}
	p := part.Part{Answers: orders.Answers()}
	if b.cfg.Callback.OnUnsubscribe != UnsubscribeKeep {
		p.Listens = []message.Listener{business.Leaving(db.bindings.Unbind, cache.NewNews(redis).Tell)}
	}
	return p, nil
}

// smartAnswers answers from the keyword tables.
func (b *build) smartAnswers() (part.Part, error) {
	answers, err := b.keywords()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Answers: b.planted.answers(answers)}, nil
}

// lastAnswers greets new followers, and answers what nothing else does.
func (b *build) lastAnswers() (part.Part, error) {
	contexts, err := b.contexts()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Answers: callback.Answers(b.texts(contexts))}, nil
}

// keywords is the smart answer.
func (b *build) keywords() (*support.Service, error) { return shared(b, "keywords", b.openKeywords) }

// openKeywords makes the smart answer.
func (b *build) openKeywords() (*support.Service, error) {
	var err error
	db := ask(&err, b.core)
	files := ask(&err, b.mediaCopies)
	if err != nil {
		return nil, err
	}
	return support.New(supportstore.New(db), b.planted.shown(files), b.accountNames(), b.log), nil
}
