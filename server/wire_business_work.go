package server

import (
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/part"
)

// orderJobs brings orders to their end, answers queries and tells results.
func (b *build) orderJobs() (part.Part, error) {
	service, err := b.orders()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Jobs: service.Jobs()}, nil
}

// sweeper queues unfinished orders again.
func (b *build) sweeper() (part.Part, error) {
	service, err := b.orders()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Loops: []part.Loop{{Name: "sweeper", Run: service.Sweep}}}, nil
}

// businessConfig is what the configuration says of orders and queries.
func (b *build) businessConfig() business.Config {
	c := b.cfg
	cfg := business.Config{
		InlineWait:     time.Duration(c.Callback.InlineWait),
		CarrierTimeout: time.Duration(c.Orders.CarrierTimeout),
		SweepEvery:     time.Duration(c.Orders.SweepEvery),
		SweepAfter:     time.Duration(c.Orders.SweepAfter),
		RetryMax:       time.Duration(c.Orders.RetryMax),
		PageLife:       time.Duration(c.Orders.PageLife),
		Places:         c.Orders.Places(),
		Results:        make(map[string]business.ResultTemplate),
	}
	for _, a := range c.Accounts {
		cfg.Results[a.Name] = resultTemplate(a)
	}
	return cfg
}
