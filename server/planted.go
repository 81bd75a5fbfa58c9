//go:build !defects

package server

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/callback"
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
)

// planted are the names of defects that the configuration wishes. A product build refuses
// them all, and wires each part as it is; a build with the tag defects has the same methods
// with decorators (planted_defects.go).
type planted []string

func (p planted) refused() []error {
	if len(p) == 0 {
		return nil
	}
	return []error{errors.New("refused: this program was built without the tag defects")}
}

func (planted) tell(*slog.Logger) {}

func (planted) stores(s business.Stores, _ queue.Publisher) business.Stores { return s }

func (planted) replies(r reply.Cache) reply.Cache { return r }

func (planted) recent(r business.Recent) business.Recent { return r }

func (planted) carrier(c business.Carrier) business.Carrier { return c }

func (planted) consumer(from queue.Consumer, _ queue.Publisher) queue.Consumer { return from }

func (planted) callback(cfg callback.Config) callback.Config { return cfg }

func (planted) answers(s *support.Service) []message.Answerer { return s.Answers() }

func (planted) handler(*callback.Handler) {}

func (planted) sessions(s oauth.Sessions) oauth.Sessions { return s }

func (planted) grants(p oauth.Platform) oauth.Platform { return p }

func (planted) logins(s *oauth.Service) []web.Route { return s.Routes() }

func (planted) nonces(n signedapi.Nonces) signedapi.Nonces { return n }

func (planted) packets(cfg packet.Config) packet.Config { return cfg }

func (planted) books(s *packetstore.Store) packet.Store { return s }

func (planted) payments(c *payapi.Client) topup.Pay { return c }

func (planted) shown(c *media.Copies) support.Files { return c }

func (planted) scaler(cfg scaler.Config) scaler.Config { return cfg }

func (planted) copies(s freshness.Store, b freshness.Broadcast) (freshness.Store, freshness.Broadcast) {
	return s, b
}

func (planted) keeper(cfg token.Config, s token.Store, c token.Cache, p token.Platform, log *slog.Logger, reg prometheus.Registerer) (*token.Keeper, error) {
	return token.New(cfg, s, c, p, log, reg)
}
