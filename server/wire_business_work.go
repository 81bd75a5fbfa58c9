package server

import "oalab/server/internal/part"

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
