// Package docker owns what the container images are made of: Dockerfiles, and the
// files that go into them. They are part of the programs that build images, which
// therefore need no source tree.
package docker

import "embed"

// Files are the folders of the images, and versions.txt: the last known good
// versions of their packages.
//
//go:embed app base generator lb metrics mocks mysql rabbitmq redis versions.txt
var Files embed.FS
