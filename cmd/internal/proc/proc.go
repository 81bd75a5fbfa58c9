// Package proc owns the process as a value: arguments, environment, standard
// streams, working folder and signals, so that a command is a function of it and
// a test can run the whole command without a child process.
package proc

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

// Proc is what a command may know of the process it runs in. The zero value of
// a field is safe to use only where its comment says so; Real fills all of them.
type Proc struct {
	// Name is the command's name as a user typed it, without its folder. It is
	// used in messages.
	Name string
	// Args are the arguments after the command's name.
	Args []string
	// LookupEnv reads one environment variable.
	LookupEnv func(key string) (value string, ok bool)
	// Stdin, Stdout and Stderr are the standard streams.
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Dir is the working folder, absolute. Relative paths are taken from it.
	Dir string
	// Executable is the absolute path of the running binary, or empty when the
	// system does not say.
	Executable string
	// Notify subscribes to signals. The returned function ends the subscription.
	// Nil means that the process gets no signals.
	Notify func(sig ...os.Signal) (<-chan os.Signal, func())
}

// Real is the process this program really runs in.
func Real() Proc {
	p := Proc{
		Name:      filepath.Base(os.Args[0]),
		Args:      os.Args[1:],
		LookupEnv: os.LookupEnv,
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		Notify:    notify,
	}
	// Both may fail on a folder that was removed under the process; commands
	// that need them say so themselves, the others go on.
	if dir, err := os.Getwd(); err == nil {
		p.Dir = dir
	}
	if exe, err := os.Executable(); err == nil {
		p.Executable = exe
	}
	return p
}

// Env reads one environment variable; an unset one is empty.
func (p Proc) Env(key string) string {
	if p.LookupEnv == nil {
		return ""
	}
	value, _ := p.LookupEnv(key)
	return value
}

// Path makes name absolute, seen from the working folder. An empty name stays
// empty.
func (p Proc) Path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// notify subscribes to real signals. The channel holds two, so that a second
// interrupt is not lost while the first is being handled.
func notify(sig ...os.Signal) (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, sig...)
	return c, func() { signal.Stop(c) }
}
