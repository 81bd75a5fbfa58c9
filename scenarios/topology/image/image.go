// Package image builds the container images that the docker topology runs, from the
// files of package docker. An image is named by its content: what is there already
// is not built again, and a change of a file or a binary makes a new one.
package image

import "slices"

// Name is the name of an image, and of its folder in package docker.
type Name string

// The images.
const (
	Base      Name = "base"      // Debian sid with what every host has
	LB        Name = "lb"        // Nginx and Keepalived
	MySQL     Name = "mysql"     // one MySQL server
	RabbitMQ  Name = "rabbitmq"  // one broker
	Redis     Name = "redis"     // one Redis server
	App       Name = "app"       // oaserver
	Mocks     Name = "mocks"     // mockwechat and mockcarrier
	Metrics   Name = "metrics"   // Prometheus and exporters
	Generator Name = "generator" // oalab
)

// recipe says what an image is made of, beside its folder.
type recipe struct {
	parent   Name     // "" for Base
	binaries []string // programs of this module, put into bin/ of the build context
}

var recipes = map[Name]recipe{
	Base:      {},
	LB:        {parent: Base},
	MySQL:     {parent: Base},
	RabbitMQ:  {parent: Base},
	Redis:     {parent: Base},
	App:       {parent: Base, binaries: []string{"oaserver"}},
	Mocks:     {parent: Base, binaries: []string{"mockwechat", "mockcarrier"}},
	Metrics:   {parent: Base},
	Generator: {parent: Base, binaries: []string{"oalab"}},
}

// Names are all images. The ones that take longest to build stand first after
// their parent.
func Names() []Name {
	return []Name{Base, MySQL, RabbitMQ, Metrics, LB, Redis, App, Mocks, Generator}
}

// Image is an image that is there.
type Image struct {
	// Ref is what a container is made from: oalab/NAME:HASH.
	Ref string
	// Versions are those of its main packages, and the digests of its binaries.
	Versions map[string]string
	// Warnings tell where Versions differ from the last known good ones.
	Warnings []string
	// Size is that of all its layers, in bytes.
	Size int64
}

// The labels of an image.
const (
	labelName     = "oalab.image"
	labelVersions = "oalab.versions"
)

// repository is the name of an image without its tag.
func repository(name Name) string { return "oalab/" + string(name) }

// known reports whether there is an image of that name.
func known(name Name) bool { return slices.Contains(Names(), name) }
