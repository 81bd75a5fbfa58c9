package server

import (
	"errors"
	"time"

	"oalab/server/internal/scaler"
	"oalab/server/internal/telemetry"
	"oalab/server/internal/web"
)

// wireScaler builds the one part of a server with the role scaler: no database, no
// queue, nothing of the business.
func (s *Server) wireScaler() error {
	c := s.cfg.Scaler
	if len(c.Servers) == 0 {
		return errors.New("scaler.servers: must name the app servers for role scaler")
	}
	registry := telemetry.NewRegistry()
	cfg := scaler.Config{
		Own: scaler.HTTP(c.OwnStatus), Every: time.Duration(c.Every), Hold: time.Duration(c.Hold),
		Margin: float64(c.Margin) / 100, Bands: scaler.Bands(c.Bands), Servers: c.Servers,
		Apply: scaler.Command(c.Command), Defects: s.cfg.Defects,
	}
	if c.PartnerStatus != "" {
		cfg.Partner = scaler.HTTP(c.PartnerStatus)
	}
	pool, err := scaler.New(cfg, s.log, registry)
	if err != nil {
		return err
	}
	s.scale, s.ready.nginx = pool.Run, pool.Check
	s.web = web.New(web.Config{Readiness: s.ready, Metrics: registry, Log: s.log})
	return nil
}
