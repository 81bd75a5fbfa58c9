package server

import (
	"errors"
	"time"

	"oalab/server/internal/part"
	"oalab/server/internal/scaler"
)

// scaler is the one part of a server with the role scaler.
func (b *build) scaler() (part.Part, error) {
	c := b.cfg.Scaler
	if len(c.Servers) == 0 {
		return part.Part{}, errors.New("scaler.servers: must name the app servers for role scaler")
	}
	cfg := scaler.Config{
		Own: scaler.HTTP(c.OwnStatus), Every: time.Duration(c.Every), Hold: time.Duration(c.Hold),
		Margin: float64(c.Margin) / 100, Bands: c.Bands, Servers: c.Servers,
		Health: scaler.Ready(c.HealthPath, c.HealthPort), HealthEvery: time.Duration(c.HealthEvery),
		Apply: scaler.Command(c.Command),
	}
	if c.PartnerStatus != "" {
		cfg.Partner = scaler.HTTP(c.PartnerStatus)
	}
	pool, err := scaler.New(b.planted.scaler(cfg), b.log, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{
		Loops:  []part.Loop{{Name: "scaler", Run: pool.Run}},
		Health: []part.Health{{Name: "nginx", Ask: pool.Check}},
	}, nil
}
