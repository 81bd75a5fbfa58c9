package server

import (
	"oalab/server/controlclient"
	"oalab/server/internal/bind"
	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/callback"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/config"
	"oalab/server/internal/control"
	"oalab/server/internal/filestore"
	"oalab/server/internal/follower"
	"oalab/server/internal/media"
	"oalab/server/internal/oauth"
	"oalab/server/internal/packet"
	"oalab/server/internal/queue/rabbit"
	"oalab/server/internal/retention"
	"oalab/server/internal/scaler"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/token"
	"oalab/server/internal/topup"
	"oalab/server/internal/wechatapi"
)

// The values of a configuration that have a form of their own.
type (
	// Secret is a text that is never shown.
	Secret = config.Secret
	// Duration is written like 700ms or 4.5s.
	Duration = config.Duration
	// Period is a span of days or hours, written like 3d or 72h.
	Period = config.Period
	// TimeZone is the name of a time zone in the IANA database.
	TimeZone = config.TimeZone
	// Size is a number of bytes, written like 512, 64KiB or 1MiB.
	Size = config.Size
	// Bands are written like "0:1 500:2 1000:3".
	Bands = scaler.Bands
)

// The stanzas that stand in the folder of their feature.
type (
	// Database says where the truth is kept.
	Database = sqldb.Settings
	// Redis is the shared cache, or the one in the process.
	Redis = cache.RedisSettings
	// Cache says what is cached in front of the database.
	Cache = cache.Settings
	// AMQP is the broker, or the queue in the process.
	AMQP = rabbit.Settings
	// WeChat says where the platform is.
	WeChat = wechatapi.Settings
	// Carrier says where the carrier's service is.
	Carrier = carrierapi.Settings
	// Tokens says which tokens are kept in memory.
	Tokens = token.Settings
	// Callback bounds the answer to the platform.
	Callback = callback.Settings
	// Orders sizes the work behind the reply.
	Orders = business.Settings
	// Bind bounds what followers can try when they bind a number.
	Bind = bind.Settings
	// OAuth is the web login of followers.
	OAuth = oauth.Settings
	// Followers sizes what is done about followers behind the events that tell of them.
	Followers = follower.Settings
	// Media says what is done about pictures, recordings and videos.
	Media = media.Settings
	// Files says where they are.
	Files = filestore.Settings
	// API lists the systems that may ask this one.
	API = signedapi.Settings
	// App is another system, or a server of this one, that signs its requests.
	App = signedapi.App
	// Control lists the control nodes.
	Control = control.Placement
	// Node is a control node.
	Node = controlclient.Member
	// Packet is the red packets of mobile data.
	Packet = packet.Settings
	// TopUp is the top-ups that followers pay with WeChat Pay.
	TopUp = topup.Settings
	// Retention says how long rows are kept that nothing depends on any more.
	Retention = retention.Settings
	// Scaler sizes the pool of app servers behind a load balancer.
	Scaler = scaler.Settings
)

// Day is a Period of one day.
const Day = config.Day

// Whether something is cached.
const (
	CacheOn  = cache.On
	CacheOff = cache.Off
)

// What becomes of a binding when its follower leaves.
const (
	UnsubscribeUnbind = callback.UnsubscribeUnbind
	UnsubscribeKeep   = callback.UnsubscribeKeep
)
