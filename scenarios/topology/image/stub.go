// Package image is a stub.
package image

import (
	"context"
	"log/slog"

	"github.com/moby/moby/client"
)

type Name string

const (
	LB       Name = "lb"
	MySQL    Name = "mysql"
	RabbitMQ Name = "rabbitmq"
	Redis    Name = "redis"
	App      Name = "app"
)

type Image struct {
	Ref      string
	Versions map[string]string
}
type Options struct {
	Oaserver string
	Log      *slog.Logger
}
type Builder struct{}

func New(client.APIClient, Options) (*Builder, error) { return &Builder{}, nil }
func (*Builder) Ensure(_ context.Context, names ...Name) (map[Name]Image, error) {
	m := map[Name]Image{}
	for _, n := range names {
		m[n] = Image{Ref: "oalab-try/" + string(n)}
	}
	return m, nil
}
