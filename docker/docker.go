// Package docker owns what the container images are made of: Dockerfiles, and the
// files that go into them. They are part of the programs that build images, which
// therefore need no source tree. It also owns the demonstration account, which `make up`
// and `oalab serve` share.
package docker

import "embed"

// Files are the folders of the images, and versions.txt: the last known good
// versions of their packages.
//
//go:embed app base generator lb metrics mocks mysql rabbitmq redis versions.txt
var Files embed.FS

// DemoSeed is the seed file of the demonstration account, DemoAccounts its accounts file.
var (
	//go:embed compose/seed.yaml
	DemoSeed []byte
	//go:embed compose/accounts.yaml
	DemoAccounts []byte
)
