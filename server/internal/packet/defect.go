//go:build defects

package packet

// The planted defects of the red packets.
const (
	// DefectGrabNotUnique gives a follower who grabs again a further share.
	DefectGrabNotUnique = "grab-not-unique"
	// DefectReturnTwice gives the rest of a packet to its sender twice.
	DefectReturnTwice = "return-twice"
)
