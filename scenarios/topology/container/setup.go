package container

import (
	"fmt"
	"os"
	"sync"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// setUpTestcontainers sets the switches that Testcontainers reads from the
// environment only, once and at its first use. Its own cleaner (Ryuk) is an image
// that would have to be pulled, and labels with an owner do its work here. The host
// is given because Testcontainers, where a file /.dockerenv exists, takes the
// default gateway for it, which may be another machine.
var setUpTestcontainers = sync.OnceValue(func() error {
	for name, value := range map[string]string{
		"TESTCONTAINERS_HOST_OVERRIDE": "localhost",
		"TESTCONTAINERS_RYUK_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil { //nolint:forbidigo // Testcontainers has no other way to be told
			return fmt.Errorf("set up Testcontainers: %w", err)
		}
	}
	tclog.SetDefault(tclog.NewNoopLogger()) // it greets on standard error
	if !testcontainers.ReadConfig().RyukDisabled {
		return fmt.Errorf("set up Testcontainers: it was used before this package and would start its own cleaner; open the engine first")
	}
	return nil
})
