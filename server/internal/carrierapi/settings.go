package carrierapi

import "oalab/server/internal/config"

// Settings says where the carrier's service is. With neither address business answers
// that it is not available.
type Settings struct {
	// WSDLURL is the address of the description of the carrier's service.
	WSDLURL string `yaml:"wsdl_url"`
	// Endpoint is where the service is called, in the place of the addresses in its
	// description; empty means those. It is enough without a description too.
	Endpoint string `yaml:"endpoint"`
	// TimeZone is where the carrier's months begin: those that a query asks for and those
	// by which the user log is cut.
	TimeZone config.TimeZone `yaml:"time_zone"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{TimeZone: config.DefaultTimeZone} }

// Known reports whether there is a carrier to call.
func (s Settings) Known() bool { return s.WSDLURL != "" || s.Endpoint != "" }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("carrier.wsdl_url", s.WSDLURL)
	f.Address("carrier.endpoint", s.Endpoint)
	if _, err := s.TimeZone.Location(); err != nil {
		f.Add("carrier.time_zone", "%w", err)
	}
}
