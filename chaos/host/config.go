package host

import (
	"errors"
	"fmt"
	"time"
)

// Config says what a Process runs. Path and LogPath are required.
type Config struct {
	// Name is how messages call it; empty means Path.
	Name string
	// Path is the binary, Args its arguments without the program's name.
	Path string
	Args []string
	// Env is its whole environment; nil means that of the harness.
	Env []string
	// Dir is its working directory; empty means that of the harness.
	Dir string
	// LogPath gets its standard output and standard error, appended over restarts.
	LogPath string
	// ReadyURL answers 2xx when the process does its work; empty means that it is
	// ready as soon as it exists.
	ReadyURL string
	// ReadyTimeout bounds one look at ReadyURL; 0 means 1 s.
	ReadyTimeout time.Duration
	// StopTimeout is how long a stop may take before it becomes a kill; 0 means 10 s.
	StopTimeout time.Duration
}

func (c Config) validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("no binary given"))
	}
	if c.LogPath == "" {
		errs = append(errs, errors.New("no file given for its log"))
	}
	if c.ReadyTimeout < 0 || c.StopTimeout < 0 {
		errs = append(errs, errors.New("a negative timeout"))
	}
	if len(errs) > 0 {
		return fmt.Errorf("process %q: %w", c.Name, errors.Join(errs...))
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = c.Path
	}
	if c.ReadyTimeout == 0 {
		c.ReadyTimeout = time.Second
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 10 * time.Second
	}
	return c
}
