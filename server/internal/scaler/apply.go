package scaler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// ErrRefused is a list that Nginx refused; the old one goes on serving.
var ErrRefused = errors.New("nginx refuses the list, the old one goes on serving")

// refusedStatus is the exit status of the command when Nginx refuses the list
// (docker/lb, set-upstream).
const refusedStatus = 2

// applyTimeout bounds one change: a check of the configuration and a reload.
const applyTimeout = 20 * time.Second

// Apply makes Nginx use the servers, in this order.
type Apply func(ctx context.Context, servers []string) error

// Command is an Apply that runs a program of the load balancer's host, the servers
// behind its own arguments. The program writes the list to a new file, lets Nginx test
// it, moves it into place and reloads; it ends with status 2 when Nginx refused.
func Command(command []string) Apply {
	return func(ctx context.Context, servers []string) error {
		ctx, cancel := context.WithTimeout(ctx, applyTimeout)
		defer cancel()
		args := append(append([]string{}, command[1:]...), servers...)
		c := exec.CommandContext(ctx, command[0], args...)
		c.WaitDelay = time.Second
		said, err := c.CombinedOutput()
		if err == nil {
			return nil
		}
		words := strings.Join(strings.Fields(string(bytes.ToValidUTF8(said, nil))), " ")
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == refusedStatus {
			return fmt.Errorf("%w: %s", ErrRefused, words)
		}
		return fmt.Errorf("run %s: %w: %s", strings.Join(command, " "), err, words)
	}
}
