package job

// Retried is what became of a dead letter that was to be put back into work.
type Retried string

// What became of it. The dead letter is gone in each case, with others of the same job.
const (
	RetriedJob      Retried = "queued"    // its job waits in the outbox
	RetriedUnderWay Retried = "under way" // its job waits already, or the sweeper has the order
	RetriedSettled  Retried = "settled"   // its order is finished and told: nothing is to be done
)
