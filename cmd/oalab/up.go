package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"oalab/scenarios/topology"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// storesOnly is what `oalab up` takes instead of a scenario: the stores alone.
const storesOnly = "stores"

func (a *app) upCommand() *cobra.Command {
	var redundant bool
	cmd := &cobra.Command{
		Use:   "up NAME",
		Short: "Start a scenario's topology and keep it",
		Long: `up starts what a scenario runs on, in the setup of its main arm, prints where it is
and keeps it until it is interrupted or "oalab down" is called elsewhere. Nothing is
loaded and nothing is broken.

"up stores" starts a MySQL, a Redis and a RabbitMQ in containers, prints where they are
as environment variables of the tests and returns; "oalab down RUN" removes them, where
RUN is the value of OALAB_TEST_STORES. With
--redundant it is a Redis with a replica and three Sentinels, and three nodes of the broker.`,
		Example: `  oalab up lb-failover
  oalab up stores`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == storesOnly {
				return a.upStores(cmd.Context(), redundant)
			}
			if redundant {
				return errors.New("--redundant is for up stores; a scenario says itself what it runs on")
			}
			return a.up(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVar(&redundant, "redundant", false, "with stores: those that bear the loss of one host")
	return cmd
}

// upStores starts the stores and prints where the tests find them.
func (a *app) upStores(ctx context.Context, redundant bool) error {
	s, err := topology.StartStores(ctx, a.logs, redundant, func(stage string) { fmt.Fprintln(a.p.Stderr, "oalab: "+stage) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.p.Stdout, "OALAB_TEST_STORES=%s\nOALAB_TEST_MYSQL_DSN=%s\nOALAB_TEST_REDIS_ADDR=%s\nOALAB_TEST_AMQP_URL=%s\n", s.Run, s.MySQLDSN, s.RedisAddr, s.AMQPURL)
	if redundant {
		_, err2 := fmt.Fprintf(a.p.Stdout, "OALAB_TEST_REDIS_SENTINELS=%s\nOALAB_TEST_AMQP_NODES=%s\n", strings.Join(s.Sentinels, ","), strings.Join(s.AMQPNodes, ","))
		err = errors.Join(err, err2)
	}
	return err
}

// up holds a scenario's topology until ctx ends.
func (a *app) up(ctx context.Context, name string) error {
	chosen, _, err := choose(a.h, []string{name})
	if err != nil {
		return err
	}
	server, err := a.p.Find("oaserver")
	if err != nil {
		return fmt.Errorf("%w: make build puts it beside oalab", err)
	}
	return a.h.Up(ctx, request{
		Scenario: chosen[0], Topology: chosen[0].Topology, Size: "short", Seed: randomSeed(), Oaserver: server, Oalab: a.p.Executable, Logger: a.logs,
	}, func(lines []string) {
		fmt.Fprintln(a.p.Stdout, strings.Join(lines, "\n"))
		fmt.Fprintln(a.p.Stdout, "up until it is interrupted, or oalab down")
	})
}

// downTimeout bounds the removal of everything, what holds it included.
const downTimeout = 2 * time.Minute

func (a *app) downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down [RUN]",
		Short: "Remove the topologies that up keeps, or the one of a run",
		Long: `down removes every topology that up keeps on this machine, those of other users too.
With RUN it removes the one that was started under this id: "up stores" prints it as
OALAB_TEST_STORES, and it stands in the names of the containers (oalab-RUN-…).`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.remove(cmd.Context(), func(ctx context.Context, e *container.Engine) (container.Removed, error) {
				return e.Down(ctx, strings.Join(args, ""))
			})
		},
	}
}

func (a *app) cleanCommand() *cobra.Command {
	var images bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove every container and network of oalab, also those of runs in progress",
		Long: `clean removes every container and network that carries the label of this project,
also those that are in use and those that another user made, and says what it removed. It
also removes the network that Testcontainers made beside (reaper_default), if the process
of its session is gone and no container is on it. You need not call clean after a killed
run: the next run removes what it left.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.remove(cmd.Context(), func(ctx context.Context, e *container.Engine) (container.Removed, error) { return e.Clean(ctx) })
			if err != nil || !images {
				return err
			}
			return a.removeImages(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&images, "images", false, "remove the images that this oalab no longer uses as well")
	return cmd
}

// remove opens the engine, lets it remove something and tells what it was.
func (a *app) remove(ctx context.Context, what func(context.Context, *container.Engine) (container.Removed, error)) error {
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	e, err := container.Open(ctx, container.Options{RunID: "clean", Log: a.logs})
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }() // only removed from
	gone, err := what(ctx, e)
	for _, pid := range gone.Holders {
		fmt.Fprintf(a.p.Stdout, "ended process %d, which removed what it held\n", pid)
	}
	for _, name := range slices.Concat(e.Left.Containers, gone.Containers, e.Left.Networks, gone.Networks) {
		fmt.Fprintln(a.p.Stdout, "removed "+name)
	}
	if err == nil && gone.Empty() && e.Left.Empty() {
		fmt.Fprintln(a.p.Stdout, "nothing to remove")
	}
	return err
}

// removeImages removes the images that are not those of this program.
func (a *app) removeImages(ctx context.Context) error {
	docker, err := image.Connect(a.p.Env("DOCKER_HOST"))
	if err != nil {
		return err
	}
	defer docker.Close()
	builder, err := image.New(docker, image.Options{Find: a.p.Find})
	if err != nil {
		return err
	}
	gone, err := builder.RemoveOld(ctx)
	for _, ref := range gone {
		fmt.Fprintln(a.p.Stdout, "removed "+ref)
	}
	return err
}
