package server

import (
	"github.com/prometheus/client_golang/prometheus"
)

// counted is a store that counts what it sends to its database.
type counted interface {
	Statements() int64
	// OrderStatements are those of Statements that are on the tables of orders and jobs.
	OrderStatements() int64
}

// statements are the counters of all stores. Stores are added before the server starts.
type statements struct{ stores []counted }

// countStatements registers the metric of the stores' statements (PERF-1).
func countStatements(reg prometheus.Registerer, stores ...counted) *statements {
	s := &statements{stores: stores}
	for of, count := range map[string]func(counted) int64{
		"orders":   counted.OrderStatements,
		"messages": func(c counted) int64 { return c.Statements() - c.OrderStatements() },
	} {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "oalab_db_statements_total",
			Help:        "Statements sent to the databases, without BEGIN and COMMIT: of the tables of orders and jobs, and all others.",
			ConstLabels: prometheus.Labels{"of": of},
		}, func() (sum float64) {
			for _, c := range s.stores {
				sum += float64(count(c))
			}
			return sum
		}))
	}
	return s
}

func (s *statements) add(c counted) { s.stores = append(s.stores, c) }
