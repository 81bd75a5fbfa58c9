package container

// cutFile holds the rules of a host that is cut; its entry reads it.
const cutFile = "/var/lib/oalab/cut.nft"

type cutRules struct{}
