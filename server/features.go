package server

import (
	bindstore "oalab/server/internal/bind/store"
	controlstore "oalab/server/internal/control/store"
	followerstore "oalab/server/internal/follower/store"
	mediastore "oalab/server/internal/media/store"
	menustore "oalab/server/internal/menu/store"
	oauthstore "oalab/server/internal/oauth/store"
	packetstore "oalab/server/internal/packet/store"
	"oalab/server/internal/part"
	"oalab/server/internal/sqldb"
	topupstore "oalab/server/internal/topup/store"
)

// What a server consists of is listed here: the parts of its features, and their tables.

// role is a row of the table of roles.
type role struct {
	name string
	// alone keeps it from any other role, and from RoleAll.
	alone bool
	// parts are what it consists of, in the order of their start.
	parts []func(*build) (part.Part, error)
}

// roleTable lists the roles in the order of their start. The callback is last, so that it is
// drained before the jobs that it causes end, and knows the parts that answer. The parts that
// give handlers stand before jobs, which knows those before it.
func roleTable() []role {
	return []role{
		{name: RoleScaler, alone: true, parts: []func(*build) (part.Part, error){(*build).scaler}},
		{name: RoleWorker, parts: []func(*build) (part.Part, error){
			(*build).tokenRefresh, (*build).orderJobs, (*build).followerJobs, (*build).mediaJobs, (*build).jobs, (*build).deliveries, (*build).publishing, (*build).sweeper, (*build).topUpSweeper, (*build).redemptions, (*build).retention,
		}},
		{name: RoleControl, parts: []func(*build) (part.Part, error){(*build).tokenRefresh, (*build).control}},
		{name: RoleOAuth, parts: []func(*build) (part.Part, error){(*build).pageFiles, (*build).login}},
		{name: RoleCampaign, parts: []func(*build) (part.Part, error){(*build).pageFiles, (*build).packets, (*build).topUpPages}},
		{name: RoleCallback, parts: []func(*build) (part.Part, error){
			(*build).nothingInWork, (*build).publishingToBroker, (*build).binding, (*build).commands, (*build).followerEvents, (*build).mediaEvents, (*build).smartAnswers, (*build).lastAnswers, (*build).callback,
		}},
	}
}

// coreTables are the migrations of all tables in the group core, in the order in which they
// are made. A server makes them all, also those of roles that it has not: servers share the database.
func coreTables() []sqldb.Migrations {
	return []sqldb.Migrations{sqldb.Core(), oauthstore.Migrations(), packetstore.Migrations(), followerstore.Migrations(), menustore.Migrations(), controlstore.Migrations(), bindstore.Migrations(), mediastore.Migrations(), topupstore.Migrations()}
}
