//go:build defects

package server

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/callback"
	"oalab/server/internal/config"
	"oalab/server/internal/defect"
	"oalab/server/internal/freshness"
	"oalab/server/internal/media"
	"oalab/server/internal/message"
	"oalab/server/internal/oauth"
	"oalab/server/internal/packet"
	packetstore "oalab/server/internal/packet/store"
	"oalab/server/internal/payapi"
	"oalab/server/internal/queue"
	"oalab/server/internal/reply"
	"oalab/server/internal/scaler"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/support"
	"oalab/server/internal/token"
	"oalab/server/internal/topup"
	"oalab/server/internal/web"
	"oalab/server/internal/worker"
)

// planted are the names of defects that the configuration wishes: this build may break its
// own promises, for the checkers to see.
type planted []string

// breakable is a stanza whose feature has planted defects.
type breakable interface{ Defects() []string }

// knownDefects are those that the stanzas declare, and those of what has no stanza, sorted.
func knownDefects() []string {
	known := []string{
		worker.DefectAckBeforeCarrier, token.DefectDeadTokenKept, token.DefectDoubleRefresh, token.DefectRedisBeforeCommit,
		freshness.DefectStaleCache, support.DefectReplyByChance,
	}
	for _, stanza := range config.Stanzas(Config{}) {
		if b, ok := stanza.(breakable); ok {
			known = append(known, b.Defects()...)
		}
	}
	slices.Sort(known)
	return known
}

func (p planted) set() defect.Set { return defect.Set(p) }

func (p planted) refused() (faults []error) {
	for _, name := range p {
		if known := knownDefects(); !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("%q is none of %q", name, known))
		}
	}
	return faults
}

func (p planted) tell(log *slog.Logger) {
	if len(p) > 0 {
		log.Warn("defects are planted", "defects", []string(p))
	}
}

// stores also switches off the sweeper under the defects that it would heal.
func (p planted) stores(s business.Stores, direct queue.Publisher) business.Stores {
	if p.set().Has(worker.DefectAckBeforeCarrier) {
		s = business.Unswept(s)
	}
	return business.PlantStores(p.set(), s, direct)
}

func (p planted) replies(r reply.Cache) reply.Cache {
	return business.PlantReplies(p.set(), r)
}

func (p planted) recent(r business.Recent) business.Recent {
	return business.PlantRecent(p.set(), r)
}

func (p planted) carrier(c business.Carrier) business.Carrier {
	return business.PlantCarrier(p.set(), c)
}

func (p planted) consumer(from queue.Consumer, again queue.Publisher) queue.Consumer {
	if p.set().Has(worker.DefectAckBeforeCarrier) {
		return worker.AckFirst(from, business.KindOrder, again)
	}
	return from
}

func (p planted) callback(cfg callback.Config) callback.Config { return callback.Plant(p.set(), cfg) }

func (p planted) answers(s *support.Service) []message.Answerer {
	return support.PlantAnswers(p.set(), s)
}

func (p planted) handler(h *callback.Handler) { h.Plant(p.set()) }

func (p planted) sessions(s oauth.Sessions) oauth.Sessions { return oauth.PlantSessions(p.set(), s) }

func (p planted) grants(w oauth.Platform) oauth.Platform { return oauth.PlantPlatform(p.set(), w) }

func (p planted) logins(s *oauth.Service) []web.Route { return oauth.PlantRoutes(p.set(), s) }

func (p planted) nonces(n signedapi.Nonces) signedapi.Nonces { return signedapi.Plant(p.set(), n) }

func (p planted) packets(cfg packet.Config) packet.Config { return packet.Plant(p.set(), cfg) }

func (p planted) books(s *packetstore.Store) packet.Store {
	return packetstore.Plant(s, packetstore.Defects{
		GrabNotUnique: p.set().Has(packet.DefectGrabNotUnique), ReturnTwice: p.set().Has(packet.DefectReturnTwice),
		GateAllocates: p.set().Has(packet.DefectGateAllocates),
	})
}

func (p planted) payments(c *payapi.Client) topup.Pay {
	if p.set().Has(topup.DefectNotificationTrustedUnsigned) {
		c.TrustUnsigned()
	}
	return topup.Plant(p.set(), c)
}

func (p planted) shown(c *media.Copies) support.Files { return media.Plant(p.set(), c) }

func (p planted) scaler(cfg scaler.Config) scaler.Config { return scaler.Plant(p.set(), cfg) }

func (p planted) copies(s freshness.Store, b freshness.Broadcast) (freshness.Store, freshness.Broadcast) {
	if p.set().Has(freshness.DefectStaleCache) {
		return freshness.Believe(s, b)
	}
	return s, b
}

func (p planted) keeper(cfg token.Config, s token.Store, c token.Cache, w token.Platform, log *slog.Logger, reg prometheus.Registerer) (*token.Planted, error) {
	return token.NewPlanted(p.set(), cfg, s, c, w, log, reg)
}
